// Each outcome's sign and title: no two errors look alike, also without colour.

import type { Outcome } from "../api/generated";
import type { Feeling, KeptEntry, Shown } from "../desk/model";
import { history } from "../desk/state";
import { t } from "../language";
import type { IconName } from "./Icon";

export const OUTCOME_ICONS: Record<Outcome, IconName> = {
  ACCEPTED: "check",
  LINE_DONE: "checks",
  TASK_DONE: "seal",
  DUPLICATE: "repeat",
  WRONG_ITEM: "boxCross",
  WRONG_PLACE: "pin",
  TOO_MANY: "stack",
  UNKNOWN_CODE: "barcode",
  AMBIGUOUS: "question",
  NEEDS_PLACE: "next",
  NEEDS_QUANTITY: "hash",
  NEEDS_LOT: "lot",
  NEEDS_SERIAL: "barcode",
  EXPIRED_LOT: "calendar",
  SHORT_RECORDED: "missing",
  INTERCEPTED: "stop",
  NOT_YOURS: "personCross",
  UNDONE: "undo",
  EXCEPTION: "alert",
};

/** What stands on the screen about an entry: a sign, a title, a sentence, and the feeling that colours it. */
export interface Told {
  feeling: Feeling;
  icon: IconName;
  title: string;
  sentence: string;
  /** What was scanned or done, in the person's own language. */
  about: string;
}

/** Put what is known about an entry into words; a kept entry never reads like a booked one. */
export function tell(shown: Shown): Told {
  return { ...judged(shown), about: aboutShown(shown) };
}

function judged(shown: Shown): Omit<Told, "about"> {
  if (shown.outcome) {
    return {
      feeling: shown.feeling,
      icon: OUTCOME_ICONS[shown.outcome],
      title: t(`verdict.${shown.outcome}`),
      sentence: shown.message ?? "",
    };
  }
  if (shown.feeling !== "KEPT") {
    return {
      feeling: shown.feeling,
      icon: "cross",
      title: t("verdict.refused"),
      sentence: shown.message ?? "",
    };
  }
  const sentence = shown.guess.fits === "UNEXPECTED" ? t("verdict.keptDoubt") : t("verdict.kept");
  return { feeling: "KEPT", icon: "clock", title: t("verdict.KEPT"), sentence: shown.message ?? sentence };
}

function aboutShown(shown: Shown): string {
  const entry = history.value.find((each) => each.clientId === shown.clientId);
  return entry ? aboutOf(entry) : shown.about;
}

const ABOUT_MAX = 40;

/** What an entry was about, in a few characters. */
export function aboutOf({ kind, said }: Pick<KeptEntry, "kind" | "said">): string {
  if (said.raw) return said.raw.length <= ABOUT_MAX ? said.raw : `${said.raw.slice(0, ABOUT_MAX - 1)}…`;
  if (typeof said.weightG === "number") return t("parcel.weight", { n: said.weightG });
  const detail = said.quantity ?? said.serial ?? said.lot?.code ?? said.reason;
  return detail ? `${t(`kind.${kind}`)}: ${detail}` : t(`kind.${kind}`);
}
