// The end of a list: where its totes go, what is not booked yet, and the next list.

import { finish, takeNext } from "../desk/acts";
import { busy, walk } from "../desk/state";
import { t } from "../language";
import { run } from "../screens/route";
import { Icon } from "./Icon";

export function DoneCard({ waiting }: { waiting: number }) {
  const totes = walk.value?.totes ?? [];
  return (
    <section class="done is-done">
      <Icon name={waiting ? "clock" : "seal"} />
      <h2>{waiting ? t("work.doneKept", { n: waiting }) : t("work.done")}</h2>
      <p>{totes.length > 0 ? t("work.doneTotes") : t("work.doneHint")}</p>
      <ul class="totes">
        {totes.map((use) => (
          <li key={use.place.code}>{use.place.code}</li>
        ))}
      </ul>
      {waiting > 0 && <p>{t("work.allKept")}</p>}
      <button
        type="button"
        class="main"
        disabled={busy.value}
        onClick={() => void goOn()}
        data-testid="next-list"
      >
        {t("jobs.next")}
      </button>
      <button type="button" class="plain" disabled={busy.value} onClick={() => void run(finish())}>
        {t("work.toJobs")}
      </button>
    </section>
  );
}

/** Nothing is left to put back: more may come, so the job itself stays open until it is ended. */
export function NothingLeft() {
  return (
    <section class="done is-done">
      <Icon name="seal" />
      <h2>{t("work.doneBack")}</h2>
      <button type="button" class="main" disabled={busy.value} onClick={() => void run(finish())}>
        {t("work.toJobs")}
      </button>
    </section>
  );
}

/** End this list's session, then take the next list; where that fails the sentence says why. */
async function goOn(): Promise<void> {
  if (await run(finish())) await run(takeNext());
}
