// Beginning and ending work: lists, benches, looking up.

import {
  JobsDocument,
  LookDocument,
  PlaceNamedDocument,
  SessionCloseDocument,
  SessionOpenDocument,
  type SessionOpenMutationVariables,
  TaskNextDocument,
  ToteToHospitalDocument,
} from "../api/generated";
import { pendingOf } from "../keep/entries";
import { closeKept, keepSession, sessionsOf } from "../keep/sessions";
import { t } from "../language";
import { busily } from "./account";
import { ask, refusal, trouble } from "./ask";
import { hide, open, show, whose } from "./house";
import type { KeptSession, Session } from "./model";
import { phrase } from "./phrases";
import * as state from "./state";
import { refreshWalk } from "./walks";

/** Read what there is to do in the warehouse. */
export async function refreshJobs(): Promise<string | null> {
  const location = state.locationId.value;
  if (!location) return t("problem.chooseWarehouse");
  const answer = await ask(JobsDocument, { location, since: ["READY", "CLAIMED", "PAUSED"] });
  if (answer.kind !== "ANSWERED") return trouble(answer);
  if (location === state.locationId.value) state.jobs.value = answer.data;
  return null;
}

/** Take the list I have, or the next one that is ready. */
export function takeNext(): Promise<string | null> {
  return busily(async () => {
    const locationId = state.locationId.value;
    if (!locationId) return t("problem.chooseWarehouse");
    const answer = await ask(TaskNextDocument, { input: { locationId } });
    if (answer.kind !== "ANSWERED") return trouble(answer);
    const payload = answer.data.floorTaskNext;
    const problem = refusal(payload);
    if (problem) return problem;
    return payload?.session ? await begin(payload.session) : t("problem.noList");
  });
}

/** Go to a list; one this phone knows is opened without network. */
export function openList(id: string): Promise<string | null> {
  const isIt = ({ session }: KeptSession) => session.lease?.pickList.id === id && session.step !== "DONE";
  return go({ job: "PICK", pickListId: id }, isIt);
}

/** Go to the bench that was chosen; without one, pack in the warehouse. */
export async function openPacking(): Promise<string | null> {
  const place = where();
  if (!place) return t("problem.chooseWarehouse");
  const stationId = state.stationId.value;
  return await go(
    { job: "PACK", ...(stationId ? { stationId } : place) },
    ({ session }) =>
      session.job === "PACK" &&
      (session.station?.id ?? null) === stationId &&
      session.location?.id === place.locationId,
  );
}

export function openPutBack(): Promise<string | null> {
  return openAt("PUT_BACK");
}

export function openSorting(): Promise<string | null> {
  return openAt("SORT");
}

export function openHandover(): Promise<string | null> {
  return openAt("HANDOVER");
}

export function openLookUp(): Promise<string | null> {
  return openAt("LOOK_UP");
}

async function openAt(job: "PUT_BACK" | "LOOK_UP" | "SORT" | "HANDOVER"): Promise<string | null> {
  const place = where();
  if (!place) return t("problem.chooseWarehouse");
  return await go(
    { job, ...place },
    ({ session }) => session.job === job && session.location?.id === place.locationId && !session.station,
  );
}

function where(): { locationId: string } | null {
  const locationId = state.locationId.value;
  return locationId ? { locationId } : null;
}

/** Open work; without network, as this phone knows it. */
async function go(
  input: SessionOpenMutationVariables["input"],
  isIt: (kept: KeptSession) => boolean,
): Promise<string | null> {
  return await busily(async () => {
    const answer = await ask(SessionOpenDocument, { input });
    if (answer.kind === "UNREACHABLE") return await goOn(isIt);
    if (answer.kind !== "ANSWERED") return trouble(answer);
    const payload = answer.data.scanSessionOpen;
    const problem = refusal(payload);
    if (problem || !payload?.session) return problem ?? t("problem.server");
    return await begin(payload.session);
  });
}

async function goOn(isIt: (kept: KeptSession) => boolean): Promise<string | null> {
  const owner = whose();
  const { keep } = await open();
  const known = owner ? await sessionsOf(keep, owner) : [];
  const kept = known.reverse().find((each) => !each.closed && isIt(each));
  if (!kept) return t("problem.offline");
  await show(kept);
  return null;
}

async function begin(session: Session): Promise<string | null> {
  const owner = whose();
  if (!owner) return t("problem.signedOut");
  const { keep } = await open();
  await show(await keepSession(keep, owner, session, { closed: false }));
  return null;
}

/** Go back to the list of jobs; the session stays open. */
export async function leave(): Promise<string | null> {
  return await busily(async () => {
    await hide();
    return null;
  });
}

/** End the session; what is not sent yet goes first. */
export function finish(): Promise<string | null> {
  return busily(async () => {
    const session = state.session.value;
    const owner = whose();
    if (!session || !owner) return null;
    const { keep, courier } = await open();
    await courier.encourage();
    const waiting = await pendingOf(keep, owner, session.id);
    if (waiting.length > 0) return phrase("finishUnsent", { n: waiting.length });
    const answer = await ask(SessionCloseDocument, { input: { id: session.id } });
    if (answer.kind !== "ANSWERED") return trouble(answer);
    const payload = answer.data.scanSessionClose;
    // A session the server has forgotten is at its end as well.
    const isGone = payload?.userErrors.some((problem) => problem.code === "NOT_FOUND");
    const problem = isGone ? null : refusal(payload);
    if (problem) return problem;
    await closeKept(keep, session.id);
    if (state.session.value?.id === session.id) await hide();
    return null;
  });
}

/** Look up what a term names; null in `found` means nothing was asked for. */
export async function lookUp(term: string): Promise<string | null> {
  const text = term.trim();
  if (!text) {
    state.found.value = null;
    return null;
  }
  return await busily(async () => {
    const answer = await ask(LookDocument, { term: text });
    if (answer.kind !== "ANSWERED") return trouble(answer);
    state.found.value = answer.data.lookup;
    return null;
  });
}

/** Take a tote out of use with what lies in it; a lead is asked to look. */
export function sendToHospital(tote: string, reason: string): Promise<string | null> {
  return busily(async () => {
    const found = await ask(PlaceNamedDocument, { term: tote });
    if (found.kind !== "ANSWERED") return trouble(found);
    const place = found.data.lookup.find((hit) => hit.__typename === "Place" && hit.code === tote);
    if (place?.__typename !== "Place") return t("look.nothing");
    const answer = await ask(ToteToHospitalDocument, { input: { placeIds: [place.id], reason } });
    if (answer.kind !== "ANSWERED") return trouble(answer);
    const session = state.session.value;
    if (session) await refreshWalk((await open()).keep, session.id, "SESSION");
    return refusal(answer.data.toteToHospital);
  });
}
