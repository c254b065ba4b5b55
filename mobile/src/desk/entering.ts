// What a person does becomes an entry: kept first, then sent, then answered.

import { batch } from "@preact/signals";

import { HISTORY_MAX, keepEntry, OPENING, seen } from "../keep/entries";
import { t } from "../language";
import { isPairing, isTradeSymbol } from "./codes";
import { guess, isAmong } from "./guess";
import { takesAnyGoods } from "./guess-benches";
import { changed, notKept, now, open, recount, whose } from "./house";
import type { Guess, Heard, KeptEntry, Said } from "./model";
import { phrase } from "./phrases";
import { shownOf } from "./shown";
import * as state from "./state";
import { uuid7 } from "./uuid7";

/** Larger quantities and weights (in grams) are a slip of the finger. */
const NUMBER_MAX = 1_000_000;

let queue: Promise<unknown> = Promise.resolve();

/** Keep what was read and send it; without an open job the scan opens one. */
export function hear(heard: Heard): Promise<string | null> {
  if (isPairing(heard.raw)) return Promise.resolve(phrase("pairingHere")); // a secret: it is never kept
  const { raw, rawBase64, symbology, source } = heard;
  const said = {
    raw,
    ...(rawBase64 === undefined ? {} : { rawBase64 }),
    ...(symbology === undefined ? {} : { symbology }),
    source,
  };
  return inTurn(() => enter("SCAN", isDoubtful(heard) ? { ...said, doubtful: true } : said));
}

/** Keep what a person keyed or answered, and send it. */
export function say(said: Said): Promise<string | null> {
  const { kind, ...rest } = said;
  const numbers = [rest.quantity, rest.weightG].filter((each) => each !== undefined && each !== null);
  if (numbers.some((each) => !Number.isInteger(each) || each < 1 || each > NUMBER_MAX)) {
    return Promise.resolve(phrase("badNumber"));
  }
  return inTurn(async () => (state.session.value ? await enter(kind, rest) : t("problem.noSession")));
}

/** A camera may misread one trade number as another, so one that is not expected is asked about first. */
function isDoubtful({ raw, symbology, source, doubtful }: Heard): boolean {
  if (doubtful || state.session.value?.job === "LOOK_UP") return doubtful === true;
  if (source !== "CAMERA" || !isTradeSymbol(symbology)) return false;
  const session = state.session.value;
  const expected = state.expected.value;
  return !(expected.length === 0 && session && takesAnyGoods(session)) && !isAmong(expected, raw);
}

/** One after the other: each guess counts with what was entered before. */
function inTurn(work: () => Promise<string | null>): Promise<string | null> {
  const next = queue.then(work).catch(() => notKept());
  queue = next;
  return next;
}

async function enter(kind: KeptEntry["kind"], said: KeptEntry["said"]): Promise<string | null> {
  const owner = whose();
  if (!owner) return t("problem.signedOut");
  const { keep, courier, tabs } = await open();
  const desk = state.desk.value;
  const guessed: Guess = desk ? guess(desk, { kind, said }) : { fits: "UNKNOWN" };
  const entry = await keepEntry(keep, {
    clientId: uuid7(),
    owner,
    sessionId: desk?.session.id ?? OPENING,
    recordedAt: now().toISOString(),
    kind,
    said,
    guess: guessed,
  });
  if (owner === whose()) showKept(entry);
  void courier.send();
  void recount().catch(() => {});
  tabs.postMessage("changed");
  return null;
}

function showKept(entry: KeptEntry): void {
  batch(() => {
    state.unsynced.value += 1;
    state.shown.value = shownOf(entry);
    if (entry.sessionId !== (state.session.value?.id ?? OPENING)) return;
    state.pending.value = [...state.pending.value, entry];
    state.history.value = [entry, ...state.history.value].slice(0, HISTORY_MAX);
  });
}

/** The person has seen the oldest problem. */
export async function acknowledge(): Promise<string | null> {
  const [first, ...rest] = state.problems.value;
  if (!first) return null;
  state.problems.value = rest;
  try {
    await seen((await open()).keep, first.clientId);
    await changed();
  } catch {
    return notKept();
  }
  return null;
}

/** Send what is kept at once. */
export async function sendNow(): Promise<string | null> {
  try {
    const { courier } = await open();
    const sent = await courier.encourage();
    if (sent === "ALL") return null;
    return t(sent === "NOBODY" ? "problem.signedOut" : "problem.notNow");
  } catch {
    return notKept();
  }
}
