// What the app knows now. Screens read these signals; only this folder writes them.

import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";

import type { JobsQuery, LookQuery } from "../api/generated";
import { type Desk, standing } from "./guess";
import type {
  Carton,
  Doubt,
  Handed,
  KeptEntry,
  Link,
  Location,
  Notice,
  PackLine,
  Session,
  Shown,
  Stranger,
  Viewer,
  Walk,
  WalkLine,
  WallSlot,
} from "./model";

export const viewer: Signal<Viewer | null> = signal(null);
export const locations: Signal<Location[]> = signal([]);
export const locationId: Signal<string | null> = signal(null);
export const stationId: Signal<string | null> = signal(null);

export const link: Signal<Link> = signal("OFFLINE");
/** Entries of the person signed in that lie only on this phone. */
export const unsynced: Signal<number> = signal(0);
/** Entries of people who are not signed in now; they wait until they sign in again. */
export const othersUnsynced: Signal<number> = signal(0);
/** Entries of the person signed in that the server took nothing of. */
export const refused: Signal<number> = signal(0);

export const session: Signal<Session | null> = signal(null);
export const walk: Signal<Walk | null> = signal(null);
/** The open order's lines, when packing and when this person may see them. */
export const pack: Signal<PackLine[] | null> = signal(null);
/** What the parcel that is to be closed goes in; empty where nothing fits or the goods were never measured. */
export const cartons: Signal<Carton[]> = signal([]);
/** The warehouse's put walls, when sorting. */
export const wall: Signal<WallSlot[] | null> = signal(null);
/** What was read at the dock and does not go with this driver, the latest last. */
export const strangers: Signal<Stranger[]> = signal([]);
/** What became of the manifest that was closed last, until the next one is begun. */
export const handed: Signal<Handed | null> = signal(null);
export const jobs: Signal<JobsQuery | null> = signal(null);
/** Labels of the bench that somebody must look at, the oldest first; none where no bench is chosen. */
export const doubts: Signal<Doubt[]> = signal([]);
/** An act that needs the server is under way; scans are heard all the same. */
export const busy: Signal<boolean> = signal(false);

export const shown: Signal<Shown | null> = signal(null);
/** What waits for a tap, oldest first. */
export const problems: Signal<Shown[]> = signal([]);
/** The latest 50 entries of this session, newest first. */
export const history: Signal<KeptEntry[]> = signal([]);
/** This session's entries without an answer, oldest first. */
export const pending: Signal<KeptEntry[]> = signal([]);
export const notice: Signal<Notice | null> = signal(null);
export const found: Signal<LookQuery["lookup"] | null> = signal(null);
/** Whether the browser has promised not to clear what this phone keeps. */
export const isStorageKept: Signal<boolean> = signal(false);

/** What a guess is made from; null while no session is open. */
export const desk: ReadonlySignal<Desk | null> = computed(() => {
  const open = session.value;
  if (!open) return null;
  const place = locations.value.find((each) => each.id === open.location?.id);
  const policy = place?.scanPolicy ?? "PLACE_AND_ITEM";
  return { session: open, walk: walk.value, pack: pack.value, policy, pending: pending.value };
});

const stand = computed(() => (desk.value ? standing(desk.value) : null));

/** The codes that would fit now: a place's label, a SKU's barcodes, a tote's label. */
export const expected: ReadonlySignal<string[]> = computed(() => stand.value?.expected ?? []);
/** The line to do next as this phone sees it: the server's, minus what is only kept. Its quantities count both. */
export const ahead: ReadonlySignal<WalkLine | null> = computed(() => stand.value?.line ?? null);
/** The step this phone believes to be at: TOTE, PLACE, ITEM, PUT or DONE when picking, else the server's. */
export const aheadStep: ReadonlySignal<string | null> = computed(() => stand.value?.step ?? null);

/** The bench this phone packs at: the open session's, else the chosen one. */
export const bench: ReadonlySignal<string | null> = computed(() => {
  const open = session.value;
  if (!viewer.value || (open && open.job !== "PACK")) return null;
  return open ? (open.station?.id ?? null) : stationId.value;
});

/** The list of the open session; it changes only when another one is opened. */
export const openList: ReadonlySignal<string | null> = computed(
  () => session.value?.lease?.pickList.id ?? null,
);
