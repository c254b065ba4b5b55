// What comes without being asked for: the network back, the app in front again, a list changed by somebody else.

import { effect } from "@preact/signals";
import { ListChangedDocument, type ListChangedSubscription } from "../api/generated";
import { watch } from "../api/live";
import { keptSession } from "../keep/sessions";
import { open, reload } from "./house";
import type { Walk } from "./model";
import { phrase } from "./phrases";
import * as state from "./state";
import { refreshWalk } from "./walks";

/** Several changes at once are looked at once. */
const GATHER_MS = 500;
let isAttending = false;

/** Begin to attend to it; a second time changes nothing. */
export function attend(): void {
  if (isAttending) return;
  isAttending = true;
  const look = () => {
    if (globalThis.document?.visibilityState === "visible") encourage();
  };
  globalThis.addEventListener?.("online", encourage);
  globalThis.document?.addEventListener("visibilitychange", look);
  let before = state.link.peek();
  effect(() => {
    const link = state.link.value;
    if (link === "ONLINE" && before !== "ONLINE" && state.unsynced.peek() > 0) encourage();
    before = link;
  });
  if (typeof WebSocket !== "undefined" && globalThis.location) effect(follow);
}

/** Send what is kept without waiting any longer. */
function encourage(): void {
  void open().then(
    ({ courier }) => courier.encourage(),
    () => {},
  );
}

/** Follow the list of the open session. */
function follow(): (() => void) | undefined {
  const list = state.openList.value;
  if (!list || !state.viewer.value) return undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = watch(
    ListChangedDocument,
    { id: list },
    {
      onData: ({ pickListChanged: told }) => {
        if (state.link.peek() === "OFFLINE") encourage(); // it is heard from again
        clearTimeout(timer);
        timer = setTimeout(() => void lookAt(told).catch(() => {}), GATHER_MS);
      },
      onSignedOut: () => {
        state.link.value = "SIGNED_OUT";
      },
    },
  );
  return () => {
    clearTimeout(timer);
    stop();
  };
}

/** Read anew what a change of the list may mean, and tell what somebody else has done. */
async function lookAt(told: ListChangedSubscription["pickListChanged"]): Promise<void> {
  const session = state.session.value;
  const { keep } = await open();
  const before = session && (await keptSession(keep, session.id))?.walk;
  if (!session || !before || before.id !== told.id || told.version <= before.version) return;
  const isMoved = told.status !== before.status || told.worker?.id !== before.worker?.id;
  await refreshWalk(keep, session.id, isMoved ? "ALL" : "SESSION");
  const after = (await keptSession(keep, session.id))?.walk;
  await reload();
  const text = after && changeOf(before, after, session.worker.id);
  if (text && state.session.value?.id === session.id) {
    state.notice.value = { tone: "problem", text, list: told.id };
  }
}

/** Say what somebody else did to a walk; null when nothing of it concerns the picker. */
export function changeOf(before: Walk, after: Walk, me: string): string | null {
  const list = after.number;
  if (after.status === "CANCELLED" && before.status !== "CANCELLED") return phrase("cancelled", { list });
  const wasMine = before.worker?.id === me;
  if (wasMine && after.worker && after.worker.id !== me) {
    return phrase("taken", { list, name: after.worker.name || phrase("nobodyElse") });
  }
  if (wasMine && !after.worker && after.status !== "DONE") return phrase("released", { list });
  const known = new Map(before.lines.map((line) => [line.id, line]));
  const stopped = after.lines.filter((line) => {
    const old = known.get(line.id);
    const isCancelled = line.status === "CANCELLED" && old?.status !== "CANCELLED";
    return old !== undefined && (isCancelled || line.quantity < old.quantity);
  });
  if (stopped.length > 0) {
    const goods = stopped.map((line) => `${line.sku.code} (${line.place.code})`).join(", ");
    return phrase("linesStopped", { goods });
  }
  const isMore = after.lines.some((line) => line.quantity > (known.get(line.id)?.quantity ?? 0));
  return isMore ? phrase("linesAdded", { list }) : null;
}
