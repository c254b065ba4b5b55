// What the screen shows of an entry.

import type { KeptEntry, Shown } from "./model";

export function shownOf(entry: KeptEntry): Shown {
  const { clientId, guess, verdict, problem } = entry;
  return {
    clientId,
    feeling: problem !== undefined ? "WRONG" : (verdict?.tone ?? "KEPT"),
    outcome: verdict?.outcome ?? null,
    message: problem ?? verdict?.message ?? null,
    guess,
    about: about(entry),
    choices: verdict?.choices ?? [],
  };
}

/** What was done, in short: the code that was read, the number that was keyed. */
function about({ kind, said }: KeptEntry): string {
  const text = said.raw ?? said.serial ?? said.lot?.code ?? said.reason;
  if (text) return text.length <= 40 ? text : `${text.slice(0, 39)}…`;
  const number = said.quantity ?? said.weightG;
  return number === null || number === undefined ? kind : `${kind} ${number}`;
}
