// What this phone believes before the server has answered. It only guesses: it blocks no scan and books nothing.

import type { ScanPolicy } from "../api/generated";
import { read, spellings } from "./codes";
import { expectedElsewhere, guessElsewhere } from "./guess-benches";
import * as picking from "./guess-picking";
import type { Guess, KeptEntry, PackLine, Session, Walk, WalkLine } from "./model";

/** Everything a guess is made from: what the server said last, and what it has not heard yet. */
export interface Desk {
  session: Session;
  walk: Walk | null;
  /** The open order's lines, when packing and when this person may see them. */
  pack?: readonly PackLine[] | null;
  policy: ScanPolicy;
  /** Kept and unanswered entries of the session, oldest first. */
  pending: readonly KeptEntry[];
}

/** Where the worker stands once everything kept is taken to be right. */
export interface Standing {
  step: string;
  /** The line to do next, its quantities counting what is only kept. */
  line: WalkLine | null;
  /** The codes that would fit now, as they stand on labels and goods. */
  expected: string[];
}

export type Said = Pick<KeptEntry, "kind" | "said">;

/** Tell where the worker stands and what would fit. */
export function standing(desk: Desk): Standing {
  if (desk.session.job === "PICK" && desk.walk) return picking.standing(replay(desk, desk.walk));
  return { step: desk.session.step, line: null, expected: expectedElsewhere(desk) };
}

/** Guess what an entry does, after everything that is kept. */
export function guess(desk: Desk, entry: Said): Guess {
  if (desk.session.job === "PICK" && desk.walk) return picking.take(replay(desk, desk.walk), "", entry);
  return guessElsewhere(desk, entry);
}

/** Whether a code is among the expected ones, however it was read. */
export function isAmong(expected: readonly string[], raw: string, typed = false): boolean {
  const { keys } = read(raw, typed);
  return expected.some((code) => spellings(code.toUpperCase()).some((each) => keys.includes(each)));
}

function replay(desk: Desk, walk: Walk): picking.At {
  const at = picking.begin(desk.session, walk, desk.policy);
  for (const entry of desk.pending) picking.take(at, entry.clientId, entry);
  return at;
}
