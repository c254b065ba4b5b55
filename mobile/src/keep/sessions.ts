// Sessions as they lie on this phone, each the latest the server told of.

import type { KeptSession, Session } from "../desk/model";
import { type Keep, STRICT } from "./database";

/** Sessions with nothing left to send are forgotten after so many days. */
const FORGOTTEN_MS = 14 * 86_400_000;

export function keptSession(keep: Keep, id: string): Promise<KeptSession | undefined> {
  return keep.get("sessions", id);
}

export function sessionsOf(keep: Keep, owner: string): Promise<KeptSession[]> {
  return keep.getAllFromIndex("sessions", "owner", owner);
}

/** Keep what the server told of a session; an older version changes nothing. Returns the session as it is now kept. */
export async function keepSession(
  keep: Keep,
  owner: string,
  told: Session,
  more: Partial<Omit<KeptSession, "id" | "owner" | "session" | "nextSequence">> = {},
): Promise<KeptSession> {
  const change = keep.transaction("sessions", "readwrite", STRICT);
  const before = await change.store.get(told.id);
  const session = before && before.session.version > told.version ? before.session : told;
  const kept: KeptSession = {
    ...(before ?? { id: told.id, openedAt: new Date().toISOString(), closed: false }),
    ...more,
    owner,
    session,
    nextSequence: Math.max(before?.nextSequence ?? 0, told.lastSequence + 1),
  };
  await change.store.put(kept);
  await change.done;
  return kept;
}

/** Note that a session is at its end; its entries stay. */
export async function closeKept(keep: Keep, id: string): Promise<void> {
  const change = keep.transaction("sessions", "readwrite", STRICT);
  const before = await change.store.get(id);
  if (before) await change.store.put({ ...before, closed: true });
  await change.done;
}

/** Forget sessions that ended long ago and have nothing left to send. */
export async function forgetOld(keep: Keep, now = Date.now()): Promise<void> {
  const change = keep.transaction(["sessions", "entries"], "readwrite");
  const kept = await change.objectStore("entries").index("order").getAll();
  const busy = new Set(kept.filter((entry) => entry.state === "KEPT").map((entry) => entry.sessionId));
  for (const each of await change.objectStore("sessions").getAll()) {
    const old = now - Date.parse(each.openedAt) > FORGOTTEN_MS;
    if (old && !busy.has(each.id)) await change.objectStore("sessions").delete(each.id);
  }
  await change.done;
}
