// The question about a bin that should be empty now: two large buttons, and picking goes on whether it is answered or not.

import { say } from "../desk/acts";
import type { Session } from "../desk/model";
import { pending } from "../desk/state";
import { t } from "../language";
import { openSheet, run } from "../screens/route";
import { Icon } from "./Icon";

const ANSWERS = new Set(["EMPTY", "NOT_EMPTY"]);

export function ZeroCheck({ session }: { session: Session }) {
  const place = session.emptiedPlaceCode;
  if (!place || pending.value.some(({ kind }) => ANSWERS.has(kind))) return null;
  return (
    <section class="question is-ask zero-check" aria-labelledby="zero-check" aria-live="polite">
      <h2 id="zero-check">
        <Icon name="question" />
        <span>{t("zero.ask", { place })}</span>
      </h2>
      <div class="two">
        <button
          type="button"
          class="choice"
          data-action="EMPTY"
          onClick={() => void run(say({ kind: "EMPTY" }))}
        >
          <Icon name="check" />
          {t("zero.empty")}
        </button>
        <button type="button" class="choice" data-action="NOT_EMPTY" onClick={() => openSheet("notEmpty")}>
          <Icon name="stack" />
          {t("zero.notEmpty")}
        </button>
      </div>
    </section>
  );
}
