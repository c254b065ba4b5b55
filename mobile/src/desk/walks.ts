// The walk beside the session: what was booked is counted in, and read anew when the numbers do not meet.

import {
  CartonForDocument,
  PackLinesDocument,
  SessionNowDocument,
  WalkDocument,
  WallDocument,
} from "../api/generated";
import type { Keep } from "../keep/database";
import { keepSession, keptSession } from "../keep/sessions";
import { ask } from "./ask";
import type { News } from "./courier";
import type { KeptEntry, KeptSession, Session, Walk } from "./model";
import * as state from "./state";
import { strangersAfter } from "./strangers";

const BOOKED = new Set(["ACCEPTED", "LINE_DONE", "TASK_DONE"]);
const underWay = new Map<string, Promise<void>>();
const again = new Map<string, Extent>();

/** A walk after entries were answered: what the guess said each takes counts when the server booked it. */
export function booked(walk: Walk, answered: readonly KeptEntry[]): Walk {
  const taken = new Map<string, number>();
  for (const { guess, verdict } of answered) {
    if (!verdict || verdict.repeated || !BOOKED.has(verdict.outcome) || !guess.lineId) continue;
    taken.set(guess.lineId, (taken.get(guess.lineId) ?? 0) + (guess.pieces ?? 0));
  }
  if (taken.size === 0) return walk;
  const lines = walk.lines.map((line) => ({
    ...line,
    pickedQuantity: line.pickedQuantity + (taken.get(line.id) ?? 0),
  }));
  return { ...walk, lines };
}

/** Whether a walk tells the same as the session: pieces done and in all, and what is left of the next line. */
export function meets(walk: Walk, session: Session): boolean {
  const lines = walk.lines.filter((line) => line.status !== "CANCELLED");
  const done = lines.reduce((sum, line) => sum + line.pickedQuantity + line.shortQuantity, 0);
  const total = lines.reduce((sum, line) => sum + line.quantity, 0);
  const { next, progress } = session;
  const isThere =
    !next?.skuCode ||
    lines.some(
      (line) =>
        line.place.code === next.placeCode &&
        line.sku.code === next.skuCode &&
        line.quantity - line.pickedQuantity - line.shortQuantity === next.remaining,
    );
  return done === progress.done && total === progress.total && isThere;
}

/** Keep what news mean for the walk; what cannot be told from here is asked for. */
export async function settle(keep: Keep, news: News): Promise<void> {
  const { owner, session } = news;
  if (!session) return;
  const kept = await keptSession(keep, session.id);
  if (!kept) return;
  if (kept.walk) await keepSession(keep, owner, session, { walk: booked(kept.walk, news.entries) });
  if (session.job === "HANDOVER") await settleStrangers(keep, kept, news);
  void refreshWalk(keep, session.id);
}

async function settleStrangers(keep: Keep, kept: KeptSession, news: News): Promise<void> {
  const manifest = kept.session.manifest?.number;
  const strangers = strangersAfter(kept, manifest, news.entries);
  await keepSession(keep, news.owner, kept.session, { strangers, strangersOf: manifest ?? kept.strangersOf });
}

/** How much is read anew: the walk where it does not meet the session; the session first, too; or all of it. */
export type Extent = (typeof EXTENTS)[number];
const EXTENTS = ["WALK", "SESSION", "ALL"] as const;

/** Ask for what is not known of a session's work; several at once ask once, and once more afterwards. */
export function refreshWalk(keep: Keep, sessionId: string, extent: Extent = "WALK"): Promise<void> {
  const before = underWay.get(sessionId);
  if (before) {
    const wider = again.get(sessionId) ?? "WALK";
    again.set(sessionId, EXTENTS.indexOf(extent) > EXTENTS.indexOf(wider) ? extent : wider);
    return before;
  }
  const work = refresh(keep, sessionId, extent)
    .catch(() => {}) // what is kept stays as it is, and the next answer tries again
    .finally(() => {
      underWay.delete(sessionId);
      const wanted = again.get(sessionId);
      again.delete(sessionId);
      if (wanted) void refreshWalk(keep, sessionId, wanted);
    });
  underWay.set(sessionId, work);
  return work;
}

async function refresh(keep: Keep, sessionId: string, extent: Extent): Promise<void> {
  const kept = await keptSession(keep, sessionId);
  if (!kept || kept.closed) return;
  if (extent !== "WALK") await refreshSession(keep, kept);
  if (kept.session.job === "PICK") await refreshPicking(keep, sessionId, extent === "ALL");
  if (kept.session.job === "PACK") await refreshPacking(keep, sessionId);
  if (kept.session.job === "SORT") await refreshSorting(keep, sessionId);
}

async function refreshSession(keep: Keep, { id, owner }: KeptSession): Promise<void> {
  const answer = await ask(SessionNowDocument, { id });
  const session = answer.kind === "ANSWERED" ? answer.data.scanSession : null;
  if (session) show(await keepSession(keep, owner, session));
}

async function refreshPicking(keep: Keep, sessionId: string, always: boolean): Promise<void> {
  const kept = await keptSession(keep, sessionId);
  const list = kept?.session.lease?.pickList.id;
  if (!kept || !list || (!always && kept.walk && meets(kept.walk, kept.session))) return;
  const answer = await ask(WalkDocument, { list });
  if (answer.kind !== "ANSWERED" || !answer.data.pickList) return;
  show(await keepSession(keep, kept.owner, kept.session, { walk: answer.data.pickList }));
}

/** Which carton fits what is in the parcel: asked once all is in, for until then its contents change. */
async function refreshCartons(session: Session): Promise<void> {
  const parcel = session.step === "SEAL" || session.step === "WEIGH" ? session.parcel?.id : undefined;
  const answer = parcel ? await ask(CartonForDocument, { parcel }) : null;
  if (state.session.value?.id !== session.id) return;
  const parts = answer?.kind === "ANSWERED" ? answer.data.cartonSuggestion?.parts : null;
  state.cartons.value = (parts ?? []).map(({ carton }) => carton);
}

async function refreshPacking(keep: Keep, sessionId: string): Promise<void> {
  const kept = await keptSession(keep, sessionId);
  if (kept) await refreshCartons(kept.session);
  const parcel = kept?.session.parcel?.id;
  const mayRead = state.viewer.value?.permissions.includes("ORDERS_READ");
  if (!kept || !parcel || !mayRead || kept.session.step !== "ITEMS" || kept.packOf === parcel) return;
  const answer = await ask(PackLinesDocument, { parcel });
  if (answer.kind !== "ANSWERED") return;
  const pack = answer.data.parcel?.fulfillmentOrder?.lines ?? [];
  await keepSession(keep, kept.owner, kept.session, { pack, packOf: parcel });
  if (state.session.value?.id === sessionId) state.pack.value = pack;
}

async function refreshSorting(keep: Keep, sessionId: string): Promise<void> {
  const kept = await keptSession(keep, sessionId);
  const location = kept?.session.location?.id;
  if (!kept || !location) return;
  const answer = await ask(WallDocument, { location });
  if (answer.kind !== "ANSWERED") return;
  const wall = answer.data.wallSlots;
  await keepSession(keep, kept.owner, kept.session, { wall });
  if (state.session.value?.id === sessionId) state.wall.value = wall;
}

function show({ id, session, walk }: KeptSession): void {
  const before = state.session.value;
  if (before?.id !== id) return;
  if (before.version <= session.version) state.session.value = session;
  state.walk.value = walk ?? null;
}
