// A pick list in the list of jobs: its number, how it is picked, how much is left.

import type { JobsQuery } from "../api/generated";
import { openList } from "../desk/acts";
import { busy } from "../desk/state";
import { t } from "../language";
import { run } from "../screens/route";
import { Icon } from "./Icon";

type List = JobsQuery["pickLists"]["nodes"][number];

export function ListRow({ list, isMine = false }: { list: List; isMine?: boolean }) {
  const lines = list.lines.filter((line) => line.status !== "CANCELLED");
  const total = lines.reduce((sum, line) => sum + line.quantity, 0);
  const done = lines.reduce((sum, line) => sum + line.pickedQuantity + line.shortQuantity, 0);
  return (
    <li>
      <button
        type="button"
        class={`row ${isMine ? "is-mine" : ""}`}
        data-list={list.number}
        disabled={busy.value}
        onClick={() => void run(openList(list.id))}
      >
        <span class="row-words">
          <b>{isMine ? t("jobs.goOnWith", { number: list.number }) : list.number}</b>
          <small>
            {t(`wave.${list.wave.kind}`)} · {list.wave.number}
            {list.status !== "READY" && ` · ${t(`list.${list.status}`)}`}
          </small>
        </span>
        <span class="row-count">
          {done > 0 ? t("jobs.piecesLeft", { left: total - done, n: total }) : t("jobs.pieces", { n: total })}
        </span>
        <Icon name="skip" />
      </button>
    </li>
  );
}
