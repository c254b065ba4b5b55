// One tab sends at a time: by a Web Lock, or where there are none (plain http) by a row that is held for a while.

import type { Keep } from "../keep/database";
import { STRICT } from "../keep/database";

/** Longer than a request may take; a tab that died in the middle is succeeded after that. */
export const TURN_MS = 15_000;
const LOOK_AGAIN_MS = 250;
const LOCK = "pickmesh-courier";

type Turn = { holder: string; until: number };

/**
 * Do `work` while no other tab does; `renew` must be called before every request.
 *
 * `renew` tells whether the turn is still this tab's. Waits for the other tab, at most until its turn has run out.
 */
export async function inTurn<Result>(
  keep: Keep,
  holder: string,
  work: (renew: () => Promise<boolean>) => Promise<Result>,
  locks: LockManager | undefined = globalThis.navigator?.locks,
): Promise<Result> {
  if (locks) return await locks.request(LOCK, () => work(async () => true));
  while (!(await take(keep, holder))) await new Promise((wake) => setTimeout(wake, LOOK_AGAIN_MS));
  try {
    return await work(() => take(keep, holder));
  } finally {
    await giveBack(keep, holder);
  }
}

async function take(keep: Keep, holder: string): Promise<boolean> {
  const change = keep.transaction("settings", "readwrite", STRICT);
  const before = (await change.store.get("turn")) as Turn | undefined;
  const now = Date.now();
  // A turn that seems to last too long was taken before the clock was set back.
  const isTaken = before && before.holder !== holder && before.until > now && before.until <= now + TURN_MS;
  if (!isTaken) await change.store.put({ holder, until: now + TURN_MS }, "turn");
  await change.done;
  return !isTaken;
}

async function giveBack(keep: Keep, holder: string): Promise<void> {
  const change = keep.transaction("settings", "readwrite");
  const before = (await change.store.get("turn")) as Turn | undefined;
  if (before?.holder === holder) await change.store.delete("turn");
  await change.done;
}
