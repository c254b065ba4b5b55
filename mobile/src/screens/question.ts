// The question that is open: from the latest answer, or, after the app was closed, from what is kept.

import { computed } from "@preact/signals";
import type { Shown } from "../desk/model";
import * as state from "../desk/state";

const QUESTIONS = new Set(["AMBIGUOUS", "NEEDS_LOT", "NEEDS_SERIAL", "NEEDS_QUANTITY"]);

export type Question = Pick<Shown, "clientId" | "outcome" | "message" | "choices">;

/** The open question, or null; NEEDS_QUANTITY is one only until anything else is done. */
export const question = computed<Question | null>(() => {
  const latest = state.shown.value;
  if (latest) return latest.outcome && QUESTIONS.has(latest.outcome) ? latest : null;
  const asked = state.session.value?.questionId;
  const entry = asked ? state.history.value.find((each) => each.clientId === asked) : undefined;
  const verdict = entry?.verdict;
  return verdict && QUESTIONS.has(verdict.outcome) ? verdict : null;
});
