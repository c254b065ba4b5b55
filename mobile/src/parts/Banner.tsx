// The latest answer, full width: colour, sign, title and sentence. Only the server's answer looks booked.

import type { Shown } from "../desk/model";
import { t } from "../language";
import { Icon } from "./Icon";
import { tell } from "./outcomes";
import { Sentence } from "./Sentence";

export function Banner({ shown }: { shown: Shown | null }) {
  const told = shown ? tell(shown) : null;
  return (
    <div
      class={`banner ${told ? `is-${told.feeling.toLowerCase()}` : "is-empty"}`}
      role="status"
      aria-live="polite"
      data-testid="banner"
      data-feeling={told?.feeling}
      data-outcome={shown?.outcome}
    >
      {told && shown ? (
        <>
          <Icon name={told.icon} />
          <div class="banner-words">
            <strong>{told.title}</strong>
            <span>
              <Sentence text={told.sentence} />
            </span>
            {told.about && <span class="banner-about">{told.about}</span>}
          </div>
        </>
      ) : (
        <span class="faint">{t("verdict.nothingYet")}</span>
      )}
    </div>
  );
}
