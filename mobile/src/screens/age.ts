// How old what is shown may be.

import { effect, signal } from "@preact/signals";
import * as state from "../desk/state";
import { t } from "../language";

const MINUTE = 60_000;

/** When the jobs on the screen were last told by the server; null when that is not known. */
export const jobsSeenAt = signal<number | null>(null);
const now = signal(Date.now());

/** Watch the jobs and the clock from now on. */
export function watchAge(): void {
  effect(() => {
    if (state.jobs.value && state.link.peek() === "ONLINE") jobsSeenAt.value = Date.now();
  });
  setInterval(() => {
    now.value = Date.now();
  }, MINUTE / 2);
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
