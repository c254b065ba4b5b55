// What this phone believes before the server has answered. It only guesses: it blocks no scan and books nothing.

import type { ScanPolicy } from "../api/generated";
import type { Guess, KeptEntry, Session, Walk, WalkLine } from "./model";

/** Everything a guess is made from: what the server said last, and what it has not heard yet. */
export interface Desk {
  session: Session;
  walk: Walk | null;
  policy: ScanPolicy;
  /** Kept and unanswered entries of the session, oldest first. */
  pending: readonly KeptEntry[];
}

/** Where the worker stands once everything kept is taken to be right. */
export interface Standing {
  step: string;
  line: WalkLine | null;
  expected: string[];
}

type Said = Pick<KeptEntry, "kind" | "said">;

export function standing(desk: Desk): Standing {
  return { step: desk.session.step, line: null, expected: [] };
}

export function guess(_desk: Desk, _entry: Said): Guess {
  return { fits: "UNKNOWN" };
}
