// Asking the server: every answer tells how the line is, and what the server says becomes a sentence.

import { type Answer, run, token } from "../api/client";
import type { TypedDocumentString } from "../api/generated";
import { t } from "../language";
import { link } from "./state";

/** Send an operation, and note on the way whether the server can be reached and whether the token still opens. */
export async function ask<Data, Variables>(
  document: TypedDocumentString<Data, Variables>,
  variables: Variables,
): Promise<Answer<Data>> {
  const used = token();
  const answer = await run(document, variables);
  if (used !== token()) {
    // Somebody else signed in meanwhile: what an old token opens says nothing about the new one.
    return answer.kind === "SIGNED_OUT" ? { kind: "UNREACHABLE" } : answer;
  }
  if (answer.kind === "UNREACHABLE") link.value = "OFFLINE";
  else if (answer.kind === "SIGNED_OUT") link.value = used === null ? link.value : "SIGNED_OUT";
  else link.value = "ONLINE";
  return answer;
}

/** What to tell the person when a request was not answered; null when it was. */
export function trouble(answer: Answer<unknown>): string | null {
  if (answer.kind === "ANSWERED") return null;
  if (answer.kind === "UNREACHABLE") return t("problem.offline");
  if (answer.kind === "SIGNED_OUT") return t("problem.signedOut");
  return answer.message || t("problem.server");
}

/** The first of a mutation's own refusals, as a sentence; null when there is none. */
export function refusal(
  payload: { userErrors: readonly { message: string }[] } | null | undefined,
): string | null {
  if (!payload) return t("problem.server");
  return payload.userErrors[0]?.message ?? null;
}
