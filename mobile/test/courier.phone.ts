// A phone: the app's own modules, loaded anew as after a reload, over whatever lies in this IndexedDB.

import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { vi } from "vitest";

import type { Heard } from "../src/desk/model";
import type { Server } from "./courier.server";

const awake: (() => Promise<void>)[] = [];

/** A new phone that keeps nothing yet, with a network that leads to this server. */
export function newPhone(server: Server): void {
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
  await vi.waitFor(() => {
    if (!tab.state.walk.value) throw new Error("The walk is not here yet.");
  });
  return tab;
}

export async function closeAll(): Promise<void> {
  for (const close of awake.splice(0)) await close().catch(() => {});
  vi.unstubAllGlobals();
}

export function scanned(raw: string, more: Partial<Heard> = {}): Heard {
  return { raw, source: "WEDGE", ...more };
}
