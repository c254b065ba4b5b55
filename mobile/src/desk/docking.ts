// Handing over: what still waits for the driver, and closing the manifest.

import { ManifestCloseDocument, MissingDocument } from "../api/generated";
import { pendingOf } from "../keep/entries";
import { t } from "../language";
import { busily } from "./account";
import { ask, trouble } from "./ask";
import { open, whose } from "./house";
import type { MissingParcel } from "./model";
import { phrase } from "./phrases";
import * as state from "./state";
import { refreshWalk } from "./walks";

/** Ask which parcels wait for the driver unscanned; a sentence when that is not known. */
export async function missingNow(): Promise<MissingParcel[] | string> {
  const manifest = state.session.value?.manifest;
  if (!manifest) return [];
  const answer = await ask(MissingDocument, { manifest: manifest.id });
  if (answer.kind !== "ANSWERED") return trouble(answer) ?? t("problem.server");
  return answer.data.manifest?.missing ?? [];
}

/**
 * Hand over what is on the manifest, of which the driver counted `told`, and close it for good.
 *
 * Where the counts differ it stays open, unless that is accepted. What is not sent yet goes first.
 */
export function closeManifest(told: number, isDifferenceFine: boolean): Promise<string | null> {
  return busily(async () => {
    const [session, owner] = [state.session.value, whose()];
    const manifest = session?.manifest;
    if (!session || !manifest || !owner) return null;
    const { keep, courier } = await open();
    await courier.encourage();
    const waiting = await pendingOf(keep, owner, session.id);
    if (waiting.length > 0) return phrase("closeUnsent", { n: waiting.length });
    const input = { id: manifest.id, toldCount: told, acceptDifference: isDifferenceFine };
    // Sent again after a lost answer it closes nothing twice; on other counts it is another request.
    const key = `close:${manifest.id}:${manifest.version}:${told}:${isDifferenceFine}`;
    const answer = await ask(ManifestCloseDocument, {
      input: { ...input, ifVersion: manifest.version, idempotencyKey: key },
    });
    if (answer.kind !== "ANSWERED") return trouble(answer);
    const payload = answer.data.manifestClose;
    const problem = payload ? payload.userErrors[0]?.message : t("problem.server");
    await refreshWalk(keep, session.id, "SESSION");
    if (problem) return problem;
    if (payload) state.handed.value = { ...payload, sessionId: session.id };
    return null;
  });
}
