// Who works here, in which warehouse, at which bench.

import { batch } from "@preact/signals";

import { configure, token } from "../api/client";
import {
  PairingCreateDocument,
  PairingRedeemDocument,
  SignInDocument,
  SignOutDocument,
  ViewerDocument,
} from "../api/generated";
import { forgetOld, keptSession } from "../keep/sessions";
import { remember, type Settings, setting } from "../keep/settings";
import { language, t } from "../language";
import { ask, refusal, trouble } from "./ask";
import { belongTo, hide, notKept, open, ownerOf, recount, reload, show, whose } from "./house";
import { attend } from "./news";
import { phrase } from "./phrases";
import * as state from "./state";
import { followLanguage } from "./tongue";

/** A second sign-out within this time means it. */
const MEANT_MS = 10_000;
const PAIRED = /(?:pickmesh:pair:|\/app\/?#pair=|^#pair=)(\S+)$/i;
const BARE_TOKEN = /^[\w.~-]{16,}$/;

let askedToSignOutAt = Number.NEGATIVE_INFINITY;

/** Take up what this phone keeps: who is signed in, the session that was open, what is not sent. */
export async function start(): Promise<string | null> {
  configure({ language: () => language.value });
  try {
    const { keep } = await open();
    const known = await Promise.all([
      setting(keep, "token"),
      setting(keep, "viewer"),
      setting(keep, "locations"),
      setting(keep, "locationId"),
      setting(keep, "stationId"),
    ]);
    const [opens, viewer, locations, locationId, stationId] = known;
    configure({ token: opens ?? null });
    batch(() => {
      state.viewer.value = opens ? (viewer ?? null) : null;
      state.locations.value = locations ?? [];
      state.locationId.value = locationId ?? null;
      state.stationId.value = stationId ?? null;
    });
    if (opens && viewer) await takeUp(ownerOf(viewer));
    else await recount();
    attend();
    followLanguage();
    void persist();
    void forgetOld(keep).catch(() => {});
    if (opens) void meet().catch(() => {});
    return null;
  } catch {
    return notKept();
  }
}

async function persist(): Promise<void> {
  const storage = globalThis.navigator?.storage;
  state.isStorageKept.value = (await storage?.persist?.().catch(() => false)) ?? false;
}

/** A person's entries go from now on; what they had open is open again. */
async function takeUp(owner: string): Promise<void> {
  const { keep } = await open();
  belongTo(owner);
  const id = (await setting(keep, "openSession"))?.[owner];
  const kept = id ? await keptSession(keep, id) : undefined;
  if (kept && !kept.closed && kept.owner === owner) await show(kept);
  else await reload();
}

/** Ask who the token stands for and what is there, then send what is kept. */
async function meet(): Promise<string | null> {
  const answer = await ask(ViewerDocument, {});
  if (answer.kind !== "ANSWERED") return trouble(answer);
  const { viewer, locations } = answer.data;
  const { keep, courier } = await open();
  const places = locations.filter((location) => location.kind === "WAREHOUSE");
  const before = state.locationId.value;
  const chosen = places.find(({ id }) => id === before) ?? (places.length === 1 ? places[0] : undefined);
  batch(() => {
    state.viewer.value = viewer;
    state.locations.value = places;
    state.locationId.value = chosen?.id ?? null;
    if (chosen?.id !== before) state.stationId.value = null;
  });
  await remember(keep, { viewer, locations: places, locationId: chosen?.id, ...stationSetting() });
  const owner = ownerOf(viewer);
  if (owner !== whose()) await takeUp(owner);
  void courier.encourage();
  return null;
}

function stationSetting(): Pick<Settings, "stationId"> | { stationId: undefined } {
  return { stationId: state.stationId.value ?? undefined };
}

/** Redeem a pairing: a link, a scanned code, or the token alone. */
export function pair(linkOrToken: string, device: string): Promise<string | null> {
  const found = tokenIn(linkOrToken.trim());
  if (!found) return Promise.resolve(phrase("noLink"));
  return busily(async () => {
    const answer = await ask(PairingRedeemDocument, { input: { token: found, device } });
    if (answer.kind !== "ANSWERED") return trouble(answer);
    const payload = answer.data.pairingRedeem;
    return refusal(payload) ?? (await enter(payload?.token ?? null));
  });
}

/** The token of a link, a scanned code or the token alone; null where there is none, or one cut off in mid-sign. */
function tokenIn(text: string): string | null {
  const found = PAIRED.exec(text)?.[1] ?? (BARE_TOKEN.test(text) ? text : null);
  try {
    return found && decodeURIComponent(found);
  } catch {
    return null;
  }
}

/** Sign in with a name and a password. */
export function signIn(name: string, password: string, device: string): Promise<string | null> {
  return busily(async () => {
    const answer = await ask(SignInDocument, { input: { signIn: name, password, device } });
    if (answer.kind !== "ANSWERED") return trouble(answer);
    const payload = answer.data.signIn;
    return refusal(payload) ?? (await enter(payload?.token ?? null));
  });
}

async function enter(opens: string | null): Promise<string | null> {
  if (!opens) return t("problem.server");
  const { keep } = await open();
  belongTo(null); // until it is known whose token this is, nothing is sent under it
  await remember(keep, { token: opens, viewer: undefined });
  configure({ token: opens });
  state.link.value = "ONLINE";
  await clear();
  return await meet();
}

async function clear(): Promise<void> {
  await hide();
  batch(() => {
    state.viewer.value = null;
    state.jobs.value = null;
    state.found.value = null;
    state.notice.value = null;
    state.problems.value = [];
  });
}

/** Sign out; with entries not yet sent it says so first, and does it when asked again within ten seconds. */
export async function signOut(force = false): Promise<string | null> {
  const now = Date.now();
  const isMeant = force || now - askedToSignOutAt <= MEANT_MS;
  await recount().catch(() => {});
  if (state.unsynced.value > 0 && !isMeant) {
    askedToSignOutAt = now;
    return phrase("unsent", { n: state.unsynced.value });
  }
  askedToSignOutAt = Number.NEGATIVE_INFINITY;
  return await busily(async () => {
    const { keep } = await open();
    if (token() && state.link.value !== "SIGNED_OUT") await ask(SignOutDocument, {}); // without network it just ends here
    belongTo(null);
    configure({ token: null });
    await remember(keep, { token: undefined, viewer: undefined });
    await clear();
    await recount();
    state.link.value = state.link.value === "SIGNED_OUT" ? "ONLINE" : state.link.value;
    return null;
  });
}

export async function chooseLocation(id: string): Promise<string | null> {
  if (state.locationId.value === id) return null;
  batch(() => {
    state.locationId.value = id;
    state.stationId.value = null;
    state.jobs.value = null;
  });
  return await kept({ locationId: id, stationId: undefined });
}

export async function chooseStation(id: string | null): Promise<string | null> {
  state.stationId.value = id;
  return await kept({ stationId: id ?? undefined });
}

async function kept(told: { locationId?: string; stationId: string | undefined }): Promise<string | null> {
  try {
    await remember((await open()).keep, told);
    return null;
  } catch {
    return notKept();
  }
}

/** Make a link that pairs a person's device, or say why not. */
export async function invite(personId: string): Promise<{ link: string } | string> {
  const answer = await ask(PairingCreateDocument, { input: { personId } });
  if (answer.kind !== "ANSWERED") return trouble(answer) ?? t("problem.server");
  const payload = answer.data.pairingCreate;
  const problem = refusal(payload);
  if (problem || !payload?.token) return problem ?? t("problem.server");
  return { link: `${globalThis.location.origin}/app/#pair=${encodeURIComponent(payload.token)}` };
}

/** Do something that needs the server, one thing at a time on the screen. */
export async function busily(work: () => Promise<string | null>): Promise<string | null> {
  state.busy.value = true;
  try {
    return await work();
  } catch {
    return notKept();
  } finally {
    state.busy.value = false;
  }
}
