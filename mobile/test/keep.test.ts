import "fake-indexeddb/auto";

import { IDBFactory } from "fake-indexeddb";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { type Keep, openKeep, STEPS } from "../src/keep/database";
import * as entries from "../src/keep/entries";
import { closeKept, forgetOld, keepSession, keptSession } from "../src/keep/sessions";
import { remember, rememberOpen, setting } from "../src/keep/settings";
import { session } from "./courier.shapes";

let keep: Keep;

beforeEach(async () => {
  vi.stubGlobal("indexedDB", new IDBFactory());
  keep = await openKeep();
});

let made = 0;

function draft(owner = "demo/anna", sessionId = "session-1"): entries.Draft {
  made += 1;
  return {
    clientId: `client-${made}`,
    owner,
    sessionId,
    recordedAt: new Date().toISOString(),
    kind: "SCAN",
    said: { raw: `code-${made}` },
    guess: { fits: "UNKNOWN" },
  };
}

const GOOD = {
  outcome: "ACCEPTED",
  message: "",
  tone: "GOOD",
  repeated: false,
  choices: [],
  task: null,
} as const;

function replyTo(clientId: string, attention = false): entries.Reply {
  return { clientId, attention, verdict: { clientId, ...GOOD, choices: [] } };
}

describe("keep", () => {
  it("writes strictly, and gives numbers in the order of making, also to entries made at once", async () => {
    const transaction = vi.spyOn(IDBDatabase.prototype, "transaction");
    await keepSession(keep, "demo/anna", session({ lastSequence: 6 }));
    const kept = await Promise.all([1, 2, 3].map(() => entries.keepEntry(keep, draft())));
    expect(kept.map((entry) => entry.sequence)).toEqual([7, 8, 9]);
    expect(kept.map((entry) => entry.order)).toEqual([1, 2, 3]);
    for (const [, mode, options] of transaction.mock.calls) {
      if (mode === "readwrite") expect(options).toEqual({ durability: "strict" });
    }
    expect(transaction).toHaveBeenCalled();
    transaction.mockRestore();
  });

  it("gives entries without a session numbers that rise over reloads", async () => {
    const one = await entries.keepEntry(keep, draft("demo/anna", entries.OPENING));
    const other = await entries.keepEntry(keep, draft("demo/anna", entries.OPENING));
    expect(other.sequence).toBeGreaterThanOrEqual(one.sequence);
    expect(one.sequence).toBeGreaterThan(200_000_000);
    expect(other.sequence).toBeLessThan(2 ** 31);
  });

  it("refuses the same entry twice and keeps the first", async () => {
    const told = draft();
    await entries.keepEntry(keep, told);
    await expect(entries.keepEntry(keep, told)).rejects.toThrow();
    expect(await keep.count("entries")).toBe(1);
    expect(await setting(keep, "order")).toBe(1);
  });

  it("batches one session and one person, oldest first", async () => {
    for (const id of ["a", "b", "a", "a"]) await entries.keepEntry(keep, draft("demo/anna", id));
    await entries.keepEntry(keep, draft("demo/ben", "a"));
    const sessions = async (without?: Set<string>) =>
      (await entries.nextBatch(keep, "demo/anna", 50, without)).map(({ sessionId, order }) => [
        sessionId,
        order,
      ]);
    expect(await sessions()).toEqual([
      ["a", 1],
      ["a", 3],
      ["a", 4],
    ]);
    expect(await sessions(new Set(["a"]))).toEqual([["b", 2]]);
    expect(await entries.nextBatch(keep, "demo/anna", 2)).toHaveLength(2);
    expect(await entries.counts(keep, "demo/anna")).toEqual({ mine: 4, others: 1, refused: 0 });
    expect(await entries.counts(keep, null)).toEqual({ mine: 0, others: 5, refused: 0 });
  });

  it("keeps the first answer of an entry", async () => {
    const { clientId } = await entries.keepEntry(keep, draft());
    await entries.answer(keep, [replyTo(clientId)]);
    const again = await entries.answer(keep, [{ clientId, attention: true, problem: "no" }]);
    expect(again).toEqual([]);
    expect((await keep.get("entries", clientId))?.state).toBe("ANSWERED");
  });

  it("lists what waits for a tap until it was seen", async () => {
    const { clientId } = await entries.keepEntry(keep, draft());
    await entries.answer(keep, [{ clientId, attention: true, problem: "gone" }]);
    expect(await entries.waitingOf(keep, "demo/anna")).toHaveLength(1);
    expect(await entries.waitingOf(keep, "demo/ben")).toHaveLength(0);
    await entries.seen(keep, clientId);
    expect(await entries.waitingOf(keep, "demo/anna")).toHaveLength(0);
    expect(await entries.counts(keep, "demo/anna")).toEqual({ mine: 0, others: 0, refused: 1 });
  });

  it("clears away only old answered entries nobody waits for", async () => {
    const kept = await Promise.all(Array.from({ length: 8 }, () => entries.keepEntry(keep, draft())));
    const ids = kept.map((entry) => entry.clientId);
    const [first = "", second = "", third = ""] = ids;
    await entries.answer(keep, [{ clientId: first, attention: false, problem: "gone" }]);
    await entries.answer(keep, [replyTo(second, true)]);
    await entries.answer(
      keep,
      ids.slice(2, 7).map((id) => replyTo(id)),
    );
    expect(await entries.prune(keep, "demo/anna", 4)).toBe(1);
    expect(await entries.prune(keep, "demo/anna", 1)).toBe(3);
    const left = (await keep.getAllFromIndex("entries", "order")).map((entry) => entry.clientId);
    expect(left).toEqual([first, second, ids[6], ids[7]]);
    expect(left).not.toContain(third);
  });

  it("never goes back to an older session, nor to an older number", async () => {
    await keepSession(keep, "demo/anna", session({ version: 5, step: "ITEM", lastSequence: 9 }));
    await entries.keepEntry(keep, draft());
    const kept = await keepSession(
      keep,
      "demo/anna",
      session({ version: 4, step: "PLACE", lastSequence: 3 }),
    );
    expect(kept.session.step).toBe("ITEM");
    expect(kept.nextSequence).toBe(11);
  });

  it("moves only what is kept to another session, numbered on", async () => {
    await keepSession(keep, "demo/anna", session({ id: "new", lastSequence: 20 }));
    const [one, two, three] = await Promise.all([1, 2, 3].map(() => entries.keepEntry(keep, draft())));
    await entries.answer(keep, [replyTo(one?.clientId ?? "")]);
    await entries.rehome(keep, "demo/anna", "session-1", { id: "new", sequence: 21 });
    expect(await keep.get("entries", one?.clientId ?? "")).toMatchObject({ sessionId: "session-1" });
    expect(await keep.get("entries", two?.clientId ?? "")).toMatchObject({ sessionId: "new", sequence: 21 });
    expect(await keep.get("entries", three?.clientId ?? "")).toMatchObject({
      sessionId: "new",
      sequence: 22,
    });
    expect((await keptSession(keep, "new"))?.nextSequence).toBe(23);
  });

  it("forgets old sessions, but none with something to send", async () => {
    await keepSession(keep, "demo/anna", session({ id: "session-1" }));
    await keepSession(keep, "demo/anna", session({ id: "idle" }));
    await closeKept(keep, "idle");
    await entries.keepEntry(keep, draft());
    await forgetOld(keep, Date.now() + 15 * 86_400_000);
    expect(await keptSession(keep, "idle")).toBeUndefined();
    expect(await keptSession(keep, "session-1")).toBeDefined();
  });

  it("remembers, forgets, and keeps each person's open session", async () => {
    await remember(keep, { token: "secret", locationId: "here" });
    await remember(keep, { token: undefined });
    expect(await setting(keep, "token")).toBeUndefined();
    expect(await setting(keep, "locationId")).toBe("here");
    await rememberOpen(keep, "demo/anna", "one");
    await rememberOpen(keep, "demo/ben", "two");
    await rememberOpen(keep, "demo/anna", null);
    expect(await setting(keep, "openSession")).toEqual({ "demo/ben": "two" });
  });

  it("carries entries through an upgrade, and tells the older tab", async () => {
    await entries.keepEntry(keep, draft());
    let closed = "";
    keep.close();
    const old = await openKeep((why) => {
      closed = why;
    });
    const added = (database: Keep) => void database.createObjectStore("later" as "settings");
    const next = await openKeep(() => {}, [...STEPS, added]);
    expect(closed).toBe("OUTDATED");
    expect(await next.count("entries")).toBe(1);
    expect([...next.objectStoreNames]).toContain("later");
    next.close();
    old.close();
  });
});
