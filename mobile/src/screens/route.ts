// Where the person is in the app, and where what was read goes.

import { computed, effect, signal } from "@preact/signals";
import * as acts from "../desk/acts";
import { read } from "../desk/codes";
import type { Heard } from "../desk/model";
import * as state from "../desk/state";
import { question } from "./question";

export type Tab = "jobs" | "lookup" | "settings";
export type SheetName =
  | "type"
  | "walk"
  | "history"
  | "short"
  | "quantity"
  | "weight"
  | "force"
  | "reprint"
  | "kickOut"
  | "damaged"
  | "undo"
  | "leave"
  | "signOut"
  | "invite"
  | "doubts"
  | "leftOver"
  | "hospital"
  | "notEmpty"
  | "missing"
  | "strangers"
  | "close";

export const tab = signal<Tab>("jobs");
export const sheet = signal<SheetName | null>(null);
export const isCameraOn = signal(false);
/** A sentence an act came back with, until it is dismissed or the next act goes well. */
export const told = signal<string | null>(null);
/** What was looked up last. */
export const asked = signal("");

export function openSheet(name: SheetName): void {
  sheet.value = name;
}

export function closeSheet(): void {
  sheet.value = null;
}

export function stopCamera(): void {
  isCameraOn.value = false;
}

/** The work on the screen; looking up has a screen of its own. */
export const work = computed(() => {
  const open = state.session.value;
  return open && open.job !== "LOOK_UP" ? open : null;
});

/** Wait for an act and show what it has to say; true when it went well. */
export async function run(act: Promise<string | null>): Promise<boolean> {
  told.value = null;
  const sentence = await act;
  if (sentence) told.value = sentence;
  return sentence === null;
}

/** Take what camera, wedge, keypad or picture read to where it belongs. */
export function receive(heard: Heard): void {
  if (!state.viewer.value) void run(acts.pair(heard.raw, device.value));
  else if (tab.value === "lookup") look(heard.raw);
  else if (work.value) book(heard);
  else if (tab.value === "jobs" && state.busy.value) afterwards(() => receive(heard));
  else if (tab.value === "jobs" && isBeginning()) void run(acts.hear(heard));
  else if (tab.value === "jobs" && WORK.has(kindOf(heard))) void run(begin(heard));
  else look(heard.raw);
}

/** Labels that begin work: waves, lists, handover lists, totes, slots. The last two are packed at a bench. */
const WORK = new Set(["W", "L", "H", "T", "V"]);
const AT_A_BENCH = new Set(["T", "V"]);
let begunBy: string | null = null;

function kindOf({ raw, source }: Heard): string {
  return read(raw, source === "TYPED").label?.kind ?? "";
}

/** Work is begun and not yet opened: what is scanned meanwhile is part of it. */
function isBeginning(): boolean {
  return state.session.value === null && state.pending.value.length > 0;
}

/** A job was tapped and is being opened: what is scanned meanwhile waits for it, and is not looked up elsewhere. */
function afterwards(work: () => void): void {
  let isOver = false;
  const stop = effect(() => {
    if (isOver || state.busy.value) return;
    isOver = true;
    queueMicrotask(() => {
      stop();
      work();
    });
  });
}

/** Begin what a label names: the server knows which work it is. */
async function begin(heard: Heard): Promise<string | null> {
  const hasBench = state.stationId.value !== null && AT_A_BENCH.has(kindOf(heard));
  const problem = hasBench ? await acts.openPacking() : null;
  if (problem) return problem;
  begunBy = hasBench ? null : heard.raw;
  return await acts.hear(heard);
}

/** Where a label named no work, what it names is looked up. */
export function looksUpTheRest(): void {
  effect(() => {
    const term = begunBy;
    if (!state.session.value) return;
    begunBy = null;
    if (state.session.value.job !== "LOOK_UP" || term === null) return;
    void acts.leave();
    look(term);
  });
}

/** Look something up and show what is found. */
export function look(term: string): void {
  const text = term.trim();
  if (!text) return;
  tab.value = "lookup";
  asked.value = text;
  void run(acts.lookUp(text));
}

/** The name this phone gets when it is paired. */
export const device = signal("");

function book(heard: Heard): void {
  tab.value = "jobs";
  const open = question.value;
  const isSerial = open?.outcome === "NEEDS_SERIAL" && heard.raw !== "" && !heard.doubtful;
  void run(
    isSerial ? acts.say({ kind: "SERIAL", raw: heard.raw, answers: open.clientId }) : acts.hear(heard),
  );
}

/** Let the phone's Back close what is open, one thing at a time, and never leave the app by itself. */
export function backCloses(target: Window): void {
  target.history.pushState(null, "");
  target.addEventListener("popstate", () => {
    if (target.location.hash) return; // a pairing link was opened, not Back pressed: its secret makes no second entry
    target.history.pushState(null, "");
    if (state.problems.value.length > 0) return;
    if (sheet.value) sheet.value = null;
    else if (isCameraOn.value) isCameraOn.value = false;
    else if (tab.value !== "jobs") tab.value = "jobs";
    else if (work.value) sheet.value = "leave";
  });
}
