// Entries as they lie on this phone: kept before anything is said, answered, refused, and the old ones cleared away.

import type { KeptEntry, Verdict } from "../desk/model";
import { type Keep, STRICT } from "./database";

export type Draft = Pick<
  KeptEntry,
  "clientId" | "owner" | "sessionId" | "recordedAt" | "kind" | "said" | "guess"
>;

export const HISTORY_MAX = 50;
export const ANSWERED_KEPT = 1_000;
/** The session of an entry that opens one: what it is, the server says. */
export const OPENING = "";
const FIRST = Number.NEGATIVE_INFINITY;
const LAST = Number.POSITIVE_INFINITY;
/** Entries without a session count on from the seconds since then, so that none comes before an older one. */
const COUNTED_FROM = Date.UTC(2020, 0, 1);

/** Make an entry durable and return it with its numbers; when this resolves it is on the disk. */
export async function keepEntry(keep: Keep, draft: Draft): Promise<KeptEntry> {
  const change = keep.transaction(["entries", "sessions", "settings"], "readwrite", STRICT);
  const [settings, sessions] = [change.objectStore("settings"), change.objectStore("sessions")];
  const [order, session] = await Promise.all([settings.get("order"), sessions.get(draft.sessionId)]);
  const next = ((order as number | undefined) ?? 0) + 1;
  const sequence = session?.nextSequence ?? Math.max(next, Math.floor((Date.now() - COUNTED_FROM) / 1000));
  const entry: KeptEntry = { ...draft, order: next, sequence, state: "KEPT" };
  const writes: Promise<unknown>[] = [settings.put(next, "order"), change.objectStore("entries").add(entry)];
  if (session) writes.push(sessions.put({ ...session, nextSequence: sequence + 1 }));
  await Promise.all([...writes, change.done]); // all are awaited: one that fails must not fail unheard
  return entry;
}

/** The oldest entries a person has not sent, all of one session, at most `most`; sessions in `without` wait. */
export async function nextBatch(
  keep: Keep,
  owner: string,
  most: number,
  without: ReadonlySet<string> = new Set(),
): Promise<KeptEntry[]> {
  const waiting: KeptEntry[] = [];
  let cursor = await keep.transaction("entries").store.index("state").openCursor(inState(owner, "KEPT"));
  while (cursor && waiting.length < most) {
    const entry = cursor.value;
    const wanted = waiting[0]?.sessionId ?? entry.sessionId;
    if (entry.sessionId === wanted && !without.has(entry.sessionId)) waiting.push(entry);
    cursor = await cursor.continue();
  }
  return waiting;
}

/** An answer to one entry: its verdict, or why nothing of it was taken. */
export type Reply = { clientId: string; attention: boolean } & ({ verdict: Verdict } | { problem: string });

/** Write answers down; an entry that has its answer already keeps it. Returns the entries that changed. */
export async function answer(
  keep: Keep,
  replies: readonly Reply[],
  sessionId?: string,
): Promise<KeptEntry[]> {
  const change = keep.transaction("entries", "readwrite", STRICT);
  const changed: KeptEntry[] = [];
  for (const reply of replies) {
    const entry = await change.store.get(reply.clientId);
    if (entry?.state !== "KEPT") continue;
    const told: KeptEntry =
      "verdict" in reply
        ? { ...entry, state: "ANSWERED", verdict: reply.verdict }
        : { ...entry, state: "REFUSED", problem: reply.problem };
    if (reply.attention) told.attention = 1;
    if (sessionId !== undefined) told.sessionId = sessionId;
    changed.push(told);
  }
  await Promise.all([...changed.map((entry) => change.store.put(entry)), change.done]);
  return changed;
}

/** A person has seen what waited for a tap. */
export async function seen(keep: Keep, clientId: string): Promise<void> {
  const change = keep.transaction("entries", "readwrite", STRICT);
  const entry = await change.store.get(clientId);
  if (entry) {
    const { attention: _seen, ...rest } = entry;
    await change.store.put(rest);
  }
  await change.done;
}

/** Move entries that are still kept to another session of the same work, numbered on from `sequence`. */
export async function rehome(
  keep: Keep,
  owner: string,
  from: string,
  to: { id: string; sequence: number },
): Promise<KeptEntry[]> {
  const change = keep.transaction(["entries", "sessions"], "readwrite", STRICT);
  const [entries, sessions] = [change.objectStore("entries"), change.objectStore("sessions")];
  const all = await entries.index("session").getAll(ofSession(owner, from));
  const session = await sessions.get(to.id);
  let sequence = Math.max(to.sequence, session?.nextSequence ?? 0);
  const moved: KeptEntry[] = [];
  for (const entry of all.filter((each) => each.state === "KEPT")) {
    moved.push({ ...entry, sessionId: to.id, sequence });
    sequence += 1;
  }
  const writes: Promise<unknown>[] = moved.map((entry) => entries.put(entry));
  if (session) writes.push(sessions.put({ ...session, nextSequence: sequence }));
  await Promise.all([...writes, change.done]);
  return moved;
}

export function waitingOf(keep: Keep, owner: string): Promise<KeptEntry[]> {
  return keep.getAllFromIndex("entries", "attention", IDBKeyRange.bound([owner, 1, FIRST], [owner, 1, LAST]));
}

/** The latest entries of a session, newest first. */
export async function historyOf(keep: Keep, owner: string, sessionId: string): Promise<KeptEntry[]> {
  const found: KeptEntry[] = [];
  const index = keep.transaction("entries").store.index("session");
  let cursor = await index.openCursor(ofSession(owner, sessionId), "prev");
  while (cursor && found.length < HISTORY_MAX) {
    found.push(cursor.value);
    cursor = await cursor.continue();
  }
  return found;
}

/** A session's entries without an answer, oldest first. */
export async function pendingOf(keep: Keep, owner: string, sessionId: string): Promise<KeptEntry[]> {
  const kept = await keep.getAllFromIndex("entries", "state", inState(owner, "KEPT"));
  return kept.filter((entry) => entry.sessionId === sessionId);
}

export interface Counts {
  /** Not yet sent, of the person. */
  mine: number;
  /** Not yet sent, of everybody else. */
  others: number;
  /** Of the person: the server took nothing of them. */
  refused: number;
}

export async function counts(keep: Keep, owner: string | null): Promise<Counts> {
  const index = keep.transaction("entries").store.index("state");
  const owners = new Map<string, number>();
  let cursor = await index.openKeyCursor();
  while (cursor) {
    const [whose] = cursor.key;
    owners.set(whose, await index.count(inState(whose, "KEPT")));
    cursor = await cursor.continue([whose, "\uffff", 0]);
  }
  const mine = owner === null ? 0 : (owners.get(owner) ?? 0);
  const all = [...owners.values()].reduce((sum, each) => sum + each, 0);
  const refused = owner === null ? 0 : await index.count(inState(owner, "REFUSED"));
  return { mine, others: all - mine, refused };
}

/** Clear the oldest answered entries away beyond `most`; nothing that waits for the server or a tap is touched. */
export async function prune(keep: Keep, owner: string, most = ANSWERED_KEPT): Promise<number> {
  const change = keep.transaction("entries", "readwrite");
  const index = change.store.index("state");
  let over = (await index.count(inState(owner, "ANSWERED"))) - most;
  let cleared = 0;
  let cursor = over > 0 ? await index.openCursor(inState(owner, "ANSWERED")) : null;
  while (cursor && over > 0) {
    if (!cursor.value.attention) {
      await cursor.delete();
      cleared += 1;
    }
    over -= 1;
    cursor = await cursor.continue();
  }
  await change.done;
  return cleared;
}

function inState(owner: string, state: KeptEntry["state"]): IDBKeyRange {
  return IDBKeyRange.bound([owner, state, FIRST], [owner, state, LAST]);
}

function ofSession(owner: string, sessionId: string): IDBKeyRange {
  return IDBKeyRange.bound([owner, sessionId, FIRST], [owner, sessionId, LAST]);
}
