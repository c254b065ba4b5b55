// The bench's labels that may not be on their parcels: a line on the screen, and a sheet to say what was seen.

import { printAnew, settleLabel } from "../desk/acts";
import type { Doubt } from "../desk/model";
import { busy, doubts } from "../desk/state";
import { t } from "../language";
import { openSheet, run } from "../screens/route";
import { Icon } from "./Icon";
import { Sheet } from "./Sheet";

export function DoubtsLine() {
  const count = doubts.value.length;
  const hasUnsure = doubts.value.some(({ state }) => state === "UNSURE");
  return (
    <div role="status" aria-live="polite">
      {count > 0 && (
        <button type="button" class="doubts" data-testid="doubts" onClick={() => openSheet("doubts")}>
          <Icon name="print" />
          <span>{t(hasUnsure ? "doubts.some" : "doubts.failed", { n: count })}</span>
          <Icon name="skip" />
        </button>
      )}
    </div>
  );
}

interface Props {
  doubts: readonly Doubt[];
  onClose: () => void;
}

export function DoubtsSheet({ doubts, onClose }: Props) {
  return (
    <Sheet title={t("doubts.title")} onClose={onClose}>
      <p>{t(doubts.length > 0 ? "doubts.lead" : "doubts.none")}</p>
      <ol class="lines">
        {doubts.map((doubt) => (
          <Line key={doubt.id} doubt={doubt} />
        ))}
      </ol>
    </Sheet>
  );
}

function Line({ doubt }: { doubt: Doubt }) {
  const isUnsure = doubt.state === "UNSURE";
  const again = () => (isUnsure ? settleLabel(doubt, false) : printAnew(doubt, t("reason.labelLost")));
  return (
    <li class="line doubt" data-parcel={doubt.parcel.number}>
      <div>
        <b class="line-place">{doubt.parcel.number}</b>
        <span>{t(`print.${doubt.state}`)}</span>
        {doubt.lastError && <small>{doubt.lastError}</small>}
      </div>
      <p class="doubt-answers">
        {isUnsure && (
          <button
            type="button"
            class="plain"
            disabled={busy.value}
            onClick={() => void run(settleLabel(doubt, true))}
          >
            {t("doubts.there")}
          </button>
        )}
        <button type="button" class="plain" disabled={busy.value} onClick={() => void run(again())}>
          {t("doubts.again")}
        </button>
      </p>
    </li>
  );
}
