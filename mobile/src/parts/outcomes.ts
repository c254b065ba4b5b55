// Each outcome's sign and title: no two errors look alike, also without colour.

import type { Outcome } from "../api/generated";
import type { Feeling, Shown } from "../desk/model";
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
  NEEDS_LOT: "calendar",
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
}

/** Put what is known about an entry into words; a kept entry never reads like a booked one. */
export function tell(shown: Shown): Told {
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
