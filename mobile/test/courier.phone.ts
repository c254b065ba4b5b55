// A phone: the app's own modules, loaded anew as after a reload, over whatever lies in this IndexedDB. Its time stands
// still, so that no test depends on how fast this machine is: the clock goes on by `later`, waits end by `goOnUntil`.

import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { expect, vi } from "vitest";

import type { Heard } from "../src/desk/model";
import type { Server } from "./courier.server";

/** What must come is waited for so long; only a test that fails waits to the end. */
const PATIENCE_MS = 20_000;
vi.setConfig({ testTimeout: 3 * PATIENCE_MS, hookTimeout: 3 * PATIENCE_MS });

const realWait = globalThis.setTimeout;
const awake: (() => Promise<void>)[] = [];
let clock = Date.now();

/** A new phone that keeps nothing yet, with a network that leads to this server. */
export function newPhone(server: Server): void {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  vi.spyOn(Date, "now").mockImplementation(() => clock);
  vi.stubGlobal("indexedDB", new IDBFactory());
  vi.stubGlobal("fetch", server.fetch);
}

/** Load the app as a browser does: nothing in memory, everything kept still there. */
export async function load() {
  vi.resetModules();
  const acts = await import("../src/desk/acts");
  const state = await import("../src/desk/state");
  const house = await import("../src/desk/house");
  const entries = await import("../src/keep/entries");
  const tab = {
    acts,
    state,
    house,
    entries,
    keep: async () => (await house.open()).keep,
    all: async () => (await house.open()).keep.getAllFromIndex("entries", "order"),
    /** The tab is closed or the battery dies: nothing of it goes on. */
    async close() {
      const { keep, courier, tabs } = await house.open();
      house.belongTo(null);
      courier.stop();
      tabs.close();
      keep.close();
    },
  };
  awake.push(tab.close);
  await acts.start();
  return tab;
}

export type Tab = Awaited<ReturnType<typeof load>>;

/** A phone on which anna is signed in and has her list open. */
export async function atWork(server: Server): Promise<Tab> {
  newPhone(server);
  const tab = await load();
  const problem =
    (await tab.acts.signIn("anna@demo", "secret", "test")) ?? (await tab.acts.openList("list-1"));
  if (problem) throw new Error(problem);
  await until(() => expect(tab.state.walk.value).not.toBeNull());
  return tab;
}

export async function closeAll(): Promise<void> {
  for (const close of awake.splice(0)) await close().catch(() => {});
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
}

/** Let this machine do something else, for `turns` turns of its event loop. */
export async function pass(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await new Promise((wake) => setImmediate(wake));
}

/** Wait until a check holds; meanwhile no wait of the app comes to its end. */
export async function until(check: () => unknown): Promise<void> {
  const last = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      await check();
      return;
    } catch (problem) {
      if (performance.now() > last) throw problem;
    }
    await new Promise((wake) => realWait(wake, 2));
  }
}

/** Wait until a check holds; whatever the app waits for meanwhile, to try again or to look again, is over at once. */
export async function goOnUntil(check: () => unknown): Promise<void> {
  await until(() => {
    vi.runOnlyPendingTimers();
    return check();
  });
}

/** Wait until nothing is left to send and the screen knows. */
export async function allSent(on: Tab): Promise<void> {
  await goOnUntil(() => {
    expect(on.state.unsynced.value).toBe(0);
    expect(on.state.pending.value).toEqual([]);
  });
}

/** The clock goes on by so much; nothing that waits notices by itself. */
export function later(milliseconds: number): void {
  clock += milliseconds;
}

/** Keep one scan after the other, as fast as a person's gun can. */
export async function scan(on: Tab, ...all: string[]): Promise<void> {
  for (const raw of all) expect(await on.acts.hear(scanned(raw))).toBeNull();
}

export function scanned(raw: string, more: Partial<Heard> = {}): Heard {
  return { raw, source: "WEDGE", ...more };
}
