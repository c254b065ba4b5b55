// What this phone keeps: one IndexedDB, its stores made and changed step by step.

import { type DBSchema, type IDBPDatabase, type IDBPTransaction, openDB, type StoreNames } from "idb";

import type { KeptEntry, KeptSession } from "../desk/model";

export interface Kept extends DBSchema {
  entries: {
    key: string;
    value: KeptEntry;
    indexes: {
      order: number;
      /** [owner, state, order] */
      state: [string, string, number];
      /** [owner, sessionId, order] */
      session: [string, string, number];
      /** [owner, attention, order]; only entries that wait for a tap have `attention`. */
      attention: [string, number, number];
    };
  };
  sessions: { key: string; value: KeptSession; indexes: { owner: string } };
  settings: { key: string; value: unknown };
}

export type Keep = IDBPDatabase<Kept>;
type Upgrade = (database: Keep, change: IDBPTransaction<Kept, StoreNames<Kept>[], "versionchange">) => void;

export const NAME = "pickmesh";
/** Commit to the disk before saying so: what is “kept” must outlive a dead battery. */
export const STRICT = { durability: "strict" } as const;

/** One step per version, in order; a step that was once released is never changed. */
export const STEPS: readonly Upgrade[] = [first];

function first(database: Keep): void {
  const entries = database.createObjectStore("entries", { keyPath: "clientId" });
  entries.createIndex("order", "order");
  entries.createIndex("state", ["owner", "state", "order"]);
  entries.createIndex("session", ["owner", "sessionId", "order"]);
  entries.createIndex("attention", ["owner", "attention", "order"]);
  database.createObjectStore("sessions", { keyPath: "id" }).createIndex("owner", "owner");
  database.createObjectStore("settings");
}

/**
 * Open what this phone keeps, brought up to the latest version; entries of older versions stay.
 *
 * `onClosed` is called when it closes by itself: OUTDATED when a newer app in another tab waits for this one to let
 * go, LOST when the browser took it away.
 */
export function openKeep(
  onClosed: (why: "OUTDATED" | "LOST") => void = () => {},
  steps = STEPS,
  name = NAME,
): Promise<Keep> {
  return openDB<Kept>(name, steps.length, {
    upgrade(database, from, _to, change) {
      for (const step of steps.slice(from)) step(database, change);
    },
    blocking(_current, _wanted, event) {
      (event.target as IDBDatabase).close();
      onClosed("OUTDATED");
    },
    terminated: () => onClosed("LOST"),
  });
}
