// A session the server has forgotten: its work is opened anew, and what is kept for it moves there.

import { SessionOpenDocument, type SessionOpenMutationVariables } from "../api/generated";
import type { Keep } from "../keep/database";
import { rehome } from "../keep/entries";
import { closeKept, keepSession, keptSession } from "../keep/sessions";
import { ask } from "./ask";
import type { Session } from "./model";

/** Refusals that another try may not meet: somebody may be given a permission, a lock may be gone. */
const PASSING = new Set(["NOT_PERMITTED", "NEEDS_PERSON", "REFUSED", "STALE_VERSION"]);

type Reopened = { session: Session } | { problem: string } | { later: "LATER" | "NOBODY" | "HOLD" };

/** Open the work of a lost session again and move its kept entries; null when this phone does not know the work. */
export async function reopen(keep: Keep, owner: string, from: string): Promise<Reopened | null> {
  const before = (await keptSession(keep, from))?.session;
  if (!before) return null;
  const answer = await ask(SessionOpenDocument, { input: workOf(before) });
  if (answer.kind === "SIGNED_OUT") return { later: "NOBODY" };
  if (answer.kind === "UNREACHABLE") return { later: "LATER" };
  if (answer.kind === "BUG") return { later: "HOLD" };
  const payload = answer.data.scanSessionOpen;
  const problem = payload?.userErrors[0];
  if (problem) return PASSING.has(problem.code) ? { later: "HOLD" } : { problem: problem.message };
  if (!payload?.session || payload.session.id === from) return null;
  const { session } = payload;
  await keepSession(keep, owner, session);
  await rehome(keep, owner, from, { id: session.id, sequence: session.lastSequence + 1 });
  await closeKept(keep, from);
  return { session };
}

/** What to name to the server to open the same work. */
export function workOf(session: Session): SessionOpenMutationVariables["input"] {
  if (session.job === "PICK") return { job: "PICK", pickListId: session.lease?.pickList.id ?? null };
  if (session.station) return { job: session.job, stationId: session.station.id };
  return { job: session.job, locationId: session.location?.id ?? null };
}
