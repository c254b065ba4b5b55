// The last known jobs and how old they are: what is shown while there is no connection, also after a restart.

import { computed, effect, signal } from "@preact/signals";
import type { JobsQuery } from "../api/generated";
import * as state from "../desk/state";
import { t } from "../language";
import { isStarted } from "./started";

const MINUTE = 60_000;
const STORED = "pickmesh.jobs";

/** Jobs of one person in one warehouse, as the server last told them. */
interface Remembered {
  whose: string;
  at: number;
  jobs: JobsQuery;
}

const remembered = signal<Remembered | null>(null);
const now = signal(Date.now());
const whose = computed(() => {
  const person = state.viewer.value;
  return person ? `${person.merchant.code}/${person.signIn}/${state.locationId.value}` : null;
});
const known = computed(() => (remembered.value?.whose === whose.value ? remembered.value : null));

/** The jobs as the server last told them to this person here; null when it never did. */
export const jobsKnown = computed(() => state.jobs.value ?? known.value?.jobs ?? null);
/** When that was. */
export const jobsSeenAt = computed(() => known.value?.at ?? null);

/** Watch the jobs and the clock from now on. */
export function watchAge(): void {
  remembered.value = read();
  effect(() => {
    const jobs = state.jobs.value;
    const owner = whose.peek();
    if (jobs && owner) keep({ whose: owner, at: Date.now(), jobs });
    if (isStarted.value && !state.viewer.value) keep(null);
  });
  setInterval(() => {
    now.value = Date.now();
  }, MINUTE / 2);
}

function keep(told: Remembered | null): void {
  remembered.value = told;
  try {
    if (told) localStorage.setItem(STORED, JSON.stringify(told));
    else localStorage.removeItem(STORED);
  } catch {
    // A browser that keeps nothing shows them until it is closed.
  }
}

function read(): Remembered | null {
  try {
    return JSON.parse(localStorage.getItem(STORED) ?? "null") as Remembered | null;
  } catch {
    return null;
  }
}

/** Say when something was seen and how long ago that is. */
export function ageOf(moment: number): string {
  const minutes = Math.max(0, Math.floor((now.value - moment) / MINUTE));
  const time = new Date(moment).toTimeString().slice(0, 5);
  return t("jobs.asOf", { time, age: minutesAgo(minutes) });
}

function minutesAgo(minutes: number): string {
  if (minutes < 1) return t("age.now");
  if (minutes < 60) return t("age.minutes", { n: minutes });
  if (minutes < 60 * 24) return t("age.hours", { n: Math.floor(minutes / 60) });
  return t("age.days", { n: Math.floor(minutes / 60 / 24) });
}
