// What is read at the dock and does not go with the driver: kept with the session, until it does or another is loaded.

import type { KeptEntry, KeptSession, Stranger } from "./model";

/** Not of this driver's: of another carrier, not ready, stopped, nobody's. What is on already is no stranger. */
const STRANGE = new Set(["WRONG_ITEM", "WRONG_PLACE", "INTERCEPTED", "UNKNOWN_CODE"]);
const ON = new Set(["ACCEPTED", "TASK_DONE"]);

/** The strangers after entries were answered; they begin anew with another manifest. */
export function strangersAfter(
  kept: Pick<KeptSession, "strangers" | "strangersOf">,
  manifest: string | undefined,
  answered: readonly KeptEntry[],
): Stranger[] {
  const isSame = kept.strangersOf === undefined || manifest === undefined || kept.strangersOf === manifest;
  const found = new Map((isSame ? (kept.strangers ?? []) : []).map((each) => [each.raw, each]));
  for (const { kind, said, verdict } of answered) {
    const raw = said.raw?.trim().toUpperCase();
    if (kind !== "SCAN" || !raw || !verdict) continue;
    if (ON.has(verdict.outcome)) found.delete(raw);
    else if (STRANGE.has(verdict.outcome)) found.set(raw, { raw, message: verdict.message });
  }
  return [...found.values()];
}
