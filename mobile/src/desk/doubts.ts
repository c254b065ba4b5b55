// Labels of the bench that may not be on their parcels: nobody but a person at the printer can tell.

import {
  DoubtsDocument,
  type DoubtsQuery,
  LabelReprintDocument,
  LabelSettleDocument,
} from "../api/generated";
import { busily } from "./account";
import { ask, refusal, trouble } from "./ask";
import { open } from "./house";
import type { Doubt } from "./model";
import * as state from "./state";
import { refreshWalk } from "./walks";

/** Read which labels of the bench are in doubt; without an answer what was known stays. */
export async function refreshDoubts(): Promise<void> {
  const station = state.bench.value;
  if (!station) {
    state.doubts.value = [];
    return;
  }
  const answer = await ask(DoubtsDocument, { station });
  if (answer.kind === "ANSWERED" && station === state.bench.value) state.doubts.value = doubtsIn(answer.data);
}

/** What somebody must look at: every unsure label, and a failed one while nothing was printed since for its parcel. */
export function doubtsIn({ unsure, failed }: DoubtsQuery): Doubt[] {
  const open = failed.filter(
    ({ id, parcel }) => parcel.state === "SEALED" && parcel.printJobs.at(-1)?.id === id,
  );
  return [...unsure, ...open];
}

/** Tell what was seen of an unsure label: it is there, or it is not and is printed again. */
export function settleLabel(doubt: Doubt, printed: boolean): Promise<string | null> {
  return busily(async () => {
    const answer = await ask(LabelSettleDocument, { input: { printJobIds: [doubt.id], printed } });
    if (answer.kind !== "ANSWERED") return trouble(answer);
    await lookAgain();
    return refusal(answer.data.printJobSettle);
  });
}

/** Print the label of a job that has failed; asked twice for the same job, it prints one. */
export function printAnew(doubt: Doubt, reason: string): Promise<string | null> {
  return busily(async () => {
    const input = { parcelIds: [doubt.parcel.id], reason, idempotencyKey: `after-failed:${doubt.id}` };
    const answer = await ask(LabelReprintDocument, { input });
    if (answer.kind !== "ANSWERED") return trouble(answer);
    await lookAgain();
    return refusal(answer.data.labelReprint);
  });
}

async function lookAgain(): Promise<void> {
  await refreshDoubts();
  const session = state.session.value;
  if (session?.job === "PACK") await refreshWalk((await open()).keep, session.id, "SESSION");
}
