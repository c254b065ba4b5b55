// Lets what the screen shows be heard: each entry's answer once, an error at once, “kept” only when no answer follows.

import { effect, type ReadonlySignal } from "@preact/signals";
import type { Feeling, Shown } from "../desk/model";

/** How long “kept” stays silent, so that an entry booked at once sounds once. */
export const PATIENCE_MS = 250;
const REMEMBERED = 100;

/** Feel what `shown` and `problems` say from now on, not what they say already; returns what stops it. */
export function follow(
  shown: ReadonlySignal<Shown | null>,
  problems: ReadonlySignal<readonly Shown[]>,
  feel: (feeling: Feeling) => void,
): () => void {
  const before = [...problems.peek(), shown.peek()].filter((each) => each !== null);
  const felt = new Set(before.map(keyOf));
  let waiting: ReturnType<typeof setTimeout> | undefined;
  const once = (each: Shown) => {
    const key = keyOf(each);
    if (felt.has(key)) return;
    felt.add(key);
    if (felt.size > REMEMBERED) felt.delete(felt.values().next().value ?? "");
    clearTimeout(waiting);
    if (each.feeling === "KEPT") waiting = setTimeout(() => feel("KEPT"), PATIENCE_MS);
    else feel(each.feeling);
  };
  const stop = effect(() => {
    const latest = shown.value;
    const newest = problems.value.at(-1);
    if (newest) once(newest);
    if (latest && latest.clientId !== newest?.clientId) once(latest);
  });
  return () => {
    clearTimeout(waiting);
    stop();
  };
}

function keyOf({ clientId, feeling }: Shown): string {
  return `${clientId} ${feeling}`;
}
