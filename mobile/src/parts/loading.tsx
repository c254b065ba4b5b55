// The dock's panels: what waits unscanned, what does not belong, and the driver's count that closes the manifest.

import { useEffect, useState } from "preact/hooks";
import { closeManifest, missingNow } from "../desk/acts";
import type { MissingParcel, Session } from "../desk/model";
import { strangers } from "../desk/state";
import { t } from "../language";
import { run } from "../screens/route";
import { Keypad, keyed } from "./Keypad";
import { Sentence } from "./Sentence";
import { Sheet } from "./Sheet";

interface Props {
  onClose: () => void;
}

export function MissingSheet({ session, onClose }: Props & { session: Session }) {
  const [found, setFound] = useState<MissingParcel[] | string | null>(null);
  const scanned = session.manifest?.scannedCount;
  useEffect(() => {
    void missingNow().then(setFound);
  }, [scanned]); // every parcel that goes on is missing no more
  return (
    <Sheet title={t("missing.title")} onClose={onClose}>
      <p role="status">
        {found === null
          ? t("look.busy")
          : typeof found === "string"
            ? found
            : t("missing.lead", { n: found.length })}
      </p>
      <ol class="lines">
        {Array.isArray(found) &&
          found.map((parcel) => (
            <li key={parcel.number} class="line">
              <div>
                <b class="line-place">{parcel.number}</b>
                {parcel.waybill?.number && <span>{parcel.waybill.number}</span>}
              </div>
            </li>
          ))}
      </ol>
    </Sheet>
  );
}

export function StrangersSheet({ onClose }: Props) {
  return (
    <Sheet title={t("strange.title")} onClose={onClose}>
      <p>{t("strange.lead")}</p>
      <ol class="lines">
        {[...strangers.value].reverse().map(({ raw, message }) => (
          <li key={raw} class="line">
            <div>
              <b class="line-place">{raw}</b>
              <span>
                <Sentence text={message} />
              </span>
            </div>
          </li>
        ))}
      </ol>
    </Sheet>
  );
}

/** The driver counts; where the two counts differ that is said before it is accepted. */
export function CloseSheet({ session, onClose }: Props & { session: Session }) {
  const [told, setTold] = useState("");
  const { manifest } = session;
  if (!manifest) return null;
  const { scannedCount: scanned, expectedCount, carrier } = manifest;
  const count = keyed(told);
  const isOther = count !== null && count !== scanned;
  const missing = Math.max(0, expectedCount - scanned);
  const close = () => {
    onClose();
    void run(closeManifest(count ?? 0, isOther));
  };
  return (
    <Sheet title={t("close.title")} onClose={onClose}>
      <p>{t("close.hint", { n: scanned, carrier })}</p>
      {missing > 0 && <p class="is-bad">{t("close.missing", { n: missing })}</p>}
      <Keypad value={told} onChange={setTold} />
      <p class="means" role="status">
        {count === null && " "}
        {count !== null && (isOther ? t("close.differs", { told: count, n: scanned }) : t("close.agrees"))}
      </p>
      <button
        type="button"
        class={`main ${isOther ? "is-warning" : ""}`}
        disabled={count === null}
        onClick={close}
      >
        {t(isOther ? "close.anyway" : "close.do")}
      </button>
    </Sheet>
  );
}
