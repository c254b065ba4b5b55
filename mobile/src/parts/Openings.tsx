// What may be begun at a wall or a dock, for who has no label at hand: the waves to sort, the manifests to load.

import { useEffect } from "preact/hooks";
import { hear, refreshJobs } from "../desk/acts";
import type { Session } from "../desk/model";
import { wavesAtWalls } from "../desk/wall";
import { t } from "../language";
import { jobsKnown } from "../screens/age";
import { run } from "../screens/route";

export function Openings({ session }: { session: Session }) {
  useEffect(() => {
    void refreshJobs(); // not asked for by the person: without network what was known stays
  }, []);
  const { manifests } = jobsKnown.value ?? {};
  const all =
    session.job === "SORT"
      ? wavesAtWalls(jobsKnown.value).map(({ number }) => ({ number, words: "" }))
      : (manifests?.nodes ?? []).map(({ number, carrier, scannedCount, expectedCount }) => ({
          number,
          words: `${carrier} · ${t("work.progress", { done: scannedCount, total: expectedCount })}`,
        }));
  if (all.length === 0) return null;
  return (
    <section>
      <h2>{t(session.job === "SORT" ? "jobs.waves" : "jobs.manifests")}</h2>
      <div class="choices is-short">
        {all.map(({ number, words }) => (
          <button
            type="button"
            class="choice"
            key={number}
            data-opens-work={number}
            onClick={() => void run(hear({ raw: number, source: "TYPED" }))}
          >
            <b>{number}</b>
            {words && <small>{words}</small>}
          </button>
        ))}
      </div>
    </section>
  );
}
