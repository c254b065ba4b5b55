// Handing over: how many parcels the driver should get, have been scanned, are missing, and do not belong.

import type { Session } from "../desk/model";
import { busy, handed, strangers } from "../desk/state";
import { t } from "../language";
import { openSheet } from "../screens/route";
import { Icon } from "./Icon";
import { fetchPaper } from "./papers";

export function LoadCard({ session }: { session: Session }) {
  const { manifest } = session;
  if (!manifest) return <HandedCard session={session} />;
  const { expectedCount, scannedCount } = manifest;
  const missing = Math.max(0, expectedCount - scannedCount);
  const strange = strangers.value.length;
  const isAllOn = missing === 0 && scannedCount > 0;
  return (
    <section class="load" aria-live="polite">
      <h2>
        {manifest.carrier} <span class="whole">{manifest.number}</span>
      </h2>
      <dl class="load-counts">
        <Count words={t("load.expected")} n={expectedCount} name="expected" />
        <Count words={t("load.scanned")} n={scannedCount} name="scanned" isGood={isAllOn} />
        <Count words={t("load.missing")} n={missing} name="missing" isBad={missing > 0} />
        <Count words={t("load.strange")} n={strange} name="strange" isBad={strange > 0} />
      </dl>
      <div class="load-lists">
        <button type="button" class="plain" disabled={missing === 0} onClick={() => openSheet("missing")}>
          {t("load.showMissing")}
        </button>
        <button type="button" class="plain" disabled={strange === 0} onClick={() => openSheet("strangers")}>
          {t("load.showStrange")}
        </button>
      </div>
      <button
        type="button"
        class={isAllOn ? "main" : "plain"}
        data-action="CLOSE"
        disabled={busy.value || scannedCount === 0}
        onClick={() => openSheet("close")}
      >
        <Icon name="seal" />
        {t("close.open")}
      </button>
    </section>
  );
}

interface CountProps {
  words: string;
  n: number;
  name: string;
  isGood?: boolean;
  isBad?: boolean;
}

function Count({ words, n, name, isGood = false, isBad = false }: CountProps) {
  return (
    <div class={`load-count ${isGood ? "is-good-words" : ""} ${isBad ? "is-bad" : ""}`}>
      <dt>{words}</dt>
      <dd data-count={name}>{n}</dd>
    </div>
  );
}

/** What became of the manifest that was closed last. */
function HandedCard({ session }: { session: Session }) {
  const told = handed.value;
  const { manifest } = told ?? {};
  if (!told || !manifest || told.sessionId !== session.id) return null;
  const names = (parcels: readonly { number: string }[] | null) =>
    (parcels ?? []).map(({ number }) => number).join(", ");
  return (
    <section class="done is-done" data-testid="handed" aria-live="polite">
      <Icon name="seal" />
      <h2>{t("handed.done", { n: told.handedOver?.length ?? 0, carrier: manifest.carrier })}</h2>
      <p class="whole">{manifest.number}</p>
      {told.difference !== null && told.difference !== 0 && (
        <p class="is-bad">{t("handed.difference", { n: signed(told.difference) })}</p>
      )}
      {!!told.missing?.length && <p>{t("handed.missing", { parcels: names(told.missing) })}</p>}
      {!!told.leftBehind?.length && (
        <p class="is-bad">{t("handed.leftBehind", { parcels: names(told.leftBehind) })}</p>
      )}
      <button
        type="button"
        class="plain"
        onClick={() => void fetchPaper(manifest.paper, manifest.number, t("handed.noPaper"))}
      >
        <Icon name="print" />
        {t("handed.paper")}
      </button>
    </section>
  );
}

function signed(n: number): string {
  return n > 0 ? `+${n}` : String(n);
}
