// The put wall in front of a sorter: its slots as they stand, and what each of them is called.

import type { JobsQuery } from "../api/generated";
import type { Light, Session, WallSlot } from "./model";

export type SlotState = WallSlot["state"];

/** The wall that is sorted at. */
export interface Wall {
  name: string;
  slots: WallSlot[];
  /** How many of its slots are of the wave: with all of their order, still waiting, of a stopped order. */
  complete: number;
  waiting: number;
  stopped: number;
}

/** A wall and how many of its slots are free. */
export interface FreeWall {
  name: string;
  free: number;
}

/** The waves with goods that are to be sorted or still lie at a wall: their picking has begun, their packing not ended. */
export function wavesAtWalls(jobs: JobsQuery | null): JobsQuery["waves"]["nodes"] {
  // Jobs this phone remembers may have been read by an older app, which asked for no waves.
  return (jobs?.waves?.nodes ?? []).filter(
    ({ progress }) =>
      progress.piecesPicked > 0 && progress.ordersPacked + progress.ordersKickedOut < progress.orders,
  );
}

/** The slot that is lit now. */
export function litOf(session: Session): Light | null {
  return session.job === "SORT" && session.step === "SLOT" ? (session.next?.slot ?? null) : null;
}

/** The wall of the wave that is sorted; null while the wave has none, or while nothing is known of it. */
export function wallOf(session: Session, known: readonly WallSlot[] | null): Wall | null {
  const own = (known ?? []).filter(({ wave }) => wave && wave.id === session.wave?.id);
  const name = litOf(session)?.wall ?? own[0]?.light.wall;
  if (!known || name === undefined) return null;
  const slots = known.filter(({ light }) => light.wall === name);
  const count = (state: SlotState) => own.filter((slot) => slot.state === state).length;
  return { name, slots, complete: count("COMPLETE"), waiting: count("WAITING"), stopped: count("STOPPED") };
}

/** The walls with the number of their free slots, those with the most first. */
export function freeWalls(known: readonly WallSlot[] | null): FreeWall[] {
  const free = new Map<string, number>();
  for (const { light, state } of known ?? []) {
    free.set(light.wall, (free.get(light.wall) ?? 0) + (state === "EMPTY" ? 1 : 0));
  }
  const walls = [...free].map(([name, count]) => ({ name, free: count }));
  return walls.sort((one, other) => other.free - one.free || one.name.localeCompare(other.name));
}
