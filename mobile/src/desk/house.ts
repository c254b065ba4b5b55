// Where keep, courier and signals meet: what lies on this phone becomes what is shown.

import { batch } from "@preact/signals";

import { configure } from "../api/client";
import { type Keep, openKeep } from "../keep/database";
import * as entries from "../keep/entries";
import { keptSession } from "../keep/sessions";
import { remember, rememberOpen, setting } from "../keep/settings";
import { t } from "../language";
import { Courier, type News } from "./courier";
import type { KeptEntry, KeptSession, Viewer } from "./model";
import { phrase } from "./phrases";
import { shownOf } from "./shown";
import * as state from "./state";
import { refreshWalk, settle } from "./walks";

const CHANNEL = "pickmesh";

interface House {
  keep: Keep;
  courier: Courier;
  /** Tells other tabs of this app that something kept has changed. */
  tabs: BroadcastChannel;
}

let house: Promise<House> | null = null;
let owner: string | null = null;
let clockOffset = 0;

/** The name a person's entries are kept under. */
export function ownerOf(viewer: Viewer): string {
  return `${viewer.merchant.code}/${viewer.signIn ?? viewer.name ?? ""}`;
}

export function whose(): string | null {
  return owner;
}

/** From now on entries are this person's; null: nobody's, and nothing is sent. */
export function belongTo(next: string | null): void {
  owner = next;
}

/** This moment by the server's clock. */
export function now(): Date {
  return new Date(Date.now() + clockOffset);
}

/** What this phone keeps and who sends it; opened once. */
export function open(): Promise<House> {
  house ??= build().catch((problem: unknown) => {
    house = null; // storage may be free again: the next act tries anew
    throw problem;
  });
  return house;
}

async function build(): Promise<House> {
  const keep = await openKeep((why) => {
    house = null;
    const text = why === "OUTDATED" ? phrase("outdated") : notKept();
    state.notice.value = { tone: "problem", text };
  });
  clockOffset = (await setting(keep, "clockOffset")) ?? 0;
  configure({ onClock: (offset) => noteClock(keep, offset) });
  const tabs = new BroadcastChannel(CHANNEL);
  tabs.onmessage = () => void reload();
  const courier = new Courier(keep, {
    owner: () => (state.link.value === "SIGNED_OUT" ? null : owner),
    onNews: (news) => tell(news),
    onTrouble: (text) => {
      state.notice.value = { tone: "problem", text };
    },
  });
  return { keep, courier, tabs };
}

function noteClock(keep: Keep, offset: number): void {
  if (Math.abs(offset - clockOffset) < 1_000) return;
  clockOffset = offset;
  void remember(keep, { clockOffset: offset }).catch(() => {});
}

/** Tell the other tabs, and this one, that what is kept has changed. */
export async function changed(): Promise<void> {
  (await open()).tabs.postMessage("changed");
  await reload();
}

/** Count what is not sent. */
export async function recount(): Promise<void> {
  const { keep } = await open();
  const who = owner;
  const counts = await entries.counts(keep, who);
  if (who !== owner) return await recount(); // what is mine for one person is another's for the next
  showCounts(counts);
}

function showCounts({ mine, others, refused }: entries.Counts): void {
  batch(() => {
    state.unsynced.value = mine;
    state.othersUnsynced.value = others;
    state.refused.value = refused;
  });
}

/** Show what is kept: the open session, what waits for a tap, the latest entries, and the numbers. */
export async function reload(): Promise<void> {
  const { keep } = await open();
  const who = owner;
  const id = state.session.value?.id ?? entries.OPENING;
  // All reads begin in one moment and are shown with nothing awaited in between: an entry kept later waits for
  // them, so what it puts on the screen comes after this and is never taken off again.
  const [counts, kept, latest, waiting, pending] = await Promise.all([
    entries.counts(keep, who),
    id ? keptSession(keep, id) : undefined,
    who ? entries.historyOf(keep, who, id) : [],
    who ? entries.waitingOf(keep, who) : [],
    who ? entries.pendingOf(keep, who, id) : [],
  ]);
  if (who !== owner || id !== (state.session.value?.id ?? entries.OPENING)) return await recount();
  batch(() => {
    showCounts(counts);
    if (kept) showKept(kept);
    state.history.value = latest;
    state.problems.value = waiting.map(shownOf);
    state.pending.value = pending;
    showLatest(latest[0]);
  });
}

/** What is shown is the newest entry, never an older one that was answered later. */
function showLatest(latest: KeptEntry | undefined): void {
  const before = state.shown.value;
  if (!latest) {
    if (before !== null && state.session.value !== null) state.shown.value = null;
    return;
  }
  const next = shownOf(latest);
  if (JSON.stringify(before) !== JSON.stringify(next)) state.shown.value = next;
}

function showKept(kept: KeptSession): void {
  const before = state.session.value;
  if (!before || before.id !== kept.id || before.version <= kept.session.version) {
    state.session.value = kept.session;
  }
  showWork(kept);
}

function showWork(kept: KeptSession | null): void {
  state.walk.value = kept?.walk ?? null;
  state.pack.value = kept?.pack ?? null;
  state.wall.value = kept?.wall ?? null;
  state.strangers.value = kept?.strangers ?? [];
  if (kept?.session.job !== "PACK") state.cartons.value = [];
}

/** Nothing that is shown is of the session that was open. */
function clear(): void {
  state.pending.value = [];
  state.history.value = [];
  state.shown.value = null;
}

/** Make a kept session the open one. */
export async function show(kept: KeptSession): Promise<void> {
  const { keep } = await open();
  const about = state.notice.value?.list;
  batch(() => {
    if (about && about !== kept.session.lease?.pickList.id) state.notice.value = null;
    state.session.value = kept.session;
    showWork(kept);
    clear();
  });
  if (owner) await rememberOpen(keep, owner, kept.id);
  await reload();
  void refreshWalk(keep, kept.id);
}

/** No session is open here any more; it stays open for the server. */
export async function hide(): Promise<void> {
  const { keep } = await open();
  batch(() => {
    state.session.value = null;
    showWork(null);
    clear();
  });
  if (owner) await rememberOpen(keep, owner, null);
}

async function tell(news: News): Promise<void> {
  const { keep } = await open();
  if (news.session) await settle(keep, news);
  const current = state.session.value?.id ?? entries.OPENING;
  const isMoved = news.session !== null && news.session.id !== news.from && current === news.from;
  const kept = isMoved && news.session ? await keptSession(keep, news.session.id) : undefined;
  if (kept && news.owner === owner) await show(kept);
  await changed();
  if (news.owner === owner) void entries.prune(keep, news.owner).catch(() => {});
}

/** What to say when this phone could not keep something. */
export function notKept(): string {
  return t("problem.notKept");
}
