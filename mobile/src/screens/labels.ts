// What changes while nobody here scans is asked for: a sealed parcel's label, a wall and a dock where others work too.

import { computed, effect, untracked } from "@preact/signals";
import { refreshDoubts } from "../desk/doubts";
import { open } from "../desk/house";
import type { Session } from "../desk/model";
import * as state from "../desk/state";
import { refreshWalk } from "../desk/walks";

const EVERY_MS = 3_000;
const DOUBTS_EVERY_MS = 15_000;
const BOARDS_EVERY_MS = 8_000;
const UNDER_WAY = new Set(["QUEUED", "TAKEN", "PRINTING"]);

/** Whether a waybill is still to come, or a print job still to end. */
export function isLabelAwaited(session: Session | null): boolean {
  const parcel = session?.job === "PACK" ? session.parcel : null;
  if (!parcel) return false;
  return parcel.waybill?.state === "REQUESTED" || parcel.printJobs.some((job) => UNDER_WAY.has(job.state));
}

/** Ask for the session again while its label is awaited and somebody is looking. */
export function watchLabels(): void {
  const awaited = computed(() => (isLabelAwaited(state.session.value) ? state.session.value?.id : undefined));
  effect(() => {
    const id = awaited.value;
    if (!id) return undefined;
    const timer = setInterval(() => {
      if (document.visibilityState === "visible") void askAgain(id);
    }, EVERY_MS);
    return () => clearInterval(timer);
  });
}

/** Ask for the bench's labels in doubt as long as somebody is looking: their parcels have long left the screen. */
export function watchDoubts(): void {
  effect(() => {
    state.doubts.value = [];
    if (!state.bench.value) return undefined;
    void untracked(refreshDoubts);
    const look = () => {
      if (document.visibilityState === "visible") void refreshDoubts();
    };
    const timer = setInterval(look, DOUBTS_EVERY_MS);
    document.addEventListener("visibilitychange", look);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", look);
    };
  });
}

/** The work on the screen that others work at as well: a wall that is sorted at, a manifest that is loaded. */
export function sharedWork(session: Session | null): string | undefined {
  return session?.wave || session?.manifest ? session.id : undefined;
}

/** Ask how the wall or the dock stands as long as somebody is looking: an order may be stopped, others put and load. */
export function watchBoards(): void {
  const shared = computed(() => sharedWork(state.session.value));
  effect(() => {
    const id = shared.value;
    if (!id) return undefined;
    const timer = setInterval(() => {
      if (document.visibilityState === "visible") void askAgain(id);
    }, BOARDS_EVERY_MS);
    return () => clearInterval(timer);
  });
}

async function askAgain(id: string): Promise<void> {
  try {
    const { keep } = await open();
    await refreshWalk(keep, id, "SESSION");
  } catch {
    // The phone's own store is not there: the courier says so as soon as something is entered.
  }
}
