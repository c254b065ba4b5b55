// Small things this phone remembers: who is signed in, where, on what.

import type { Location, Viewer } from "../desk/model";
import { type Keep, STRICT } from "./database";

export interface Settings {
  token: string;
  viewer: Viewer;
  locations: Location[];
  locationId: string;
  stationId: string;
  /** The session that was open when the app was last seen, by owner. */
  openSession: Record<string, string>;
  /** How far the server's clock is ahead of this phone's, in milliseconds. */
  clockOffset: number;
  /** Which tab sends now, where there are no Web Locks. */
  turn: { holder: string; until: number };
  /** The number of the latest entry made on this phone. */
  order: number;
}

export async function setting<Name extends keyof Settings>(
  keep: Keep,
  name: Name,
): Promise<Settings[Name] | undefined> {
  return (await keep.get("settings", name)) as Settings[Name] | undefined;
}

/** Remember settings in one go; undefined forgets one. */
export async function remember(keep: Keep, told: { [Name in keyof Settings]?: Settings[Name] | undefined }) {
  const change = keep.transaction("settings", "readwrite", STRICT);
  const writes = Object.entries(told).map(([name, value]) =>
    value === undefined ? change.store.delete(name) : change.store.put(value, name),
  );
  await Promise.all([...writes, change.done]);
}

/** Remember which session a person has open, or that none is. */
export async function rememberOpen(keep: Keep, owner: string, sessionId: string | null): Promise<void> {
  const change = keep.transaction("settings", "readwrite", STRICT);
  const open = { ...((await change.store.get("openSession")) as Settings["openSession"] | undefined) };
  if (sessionId) open[owner] = sessionId;
  else delete open[owner];
  await change.store.put(open, "openSession");
  await change.done;
}
