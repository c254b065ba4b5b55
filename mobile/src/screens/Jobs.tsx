// What there is to do in this warehouse.

import { useEffect } from "preact/hooks";
import * as acts from "../desk/acts";
import * as state from "../desk/state";
import { wavesAtWalls } from "../desk/wall";
import { t } from "../language";
import { DoubtsLine } from "../parts/Doubts";
import { Header } from "../parts/Header";
import { Icon, type IconName } from "../parts/Icon";
import { ListRow } from "../parts/ListRow";
import { Warehouses } from "../parts/Warehouses";
import { ageOf, jobsKnown, jobsSeenAt } from "./age";
import { run, tab } from "./route";

export function Jobs() {
  const here = state.locations.value.find((place) => place.id === state.locationId.value);
  useEffect(() => {
    // Not asked for by the person: where it fails, the age below and the hint above say enough.
    if (here) void acts.refreshJobs();
  }, [here]);
  return (
    <div class="screen jobs">
      <Header title={here ? `${here.name}` : t("jobs.warehouse")} />
      <main class="page">{here ? <InWarehouse /> : <Warehouses />}</main>
    </div>
  );
}

function InWarehouse() {
  const jobs = jobsKnown.value;
  const packsFirst = state.viewer.value?.role === "PACKER";
  const isOffline = state.link.value === "OFFLINE";
  return (
    <>
      {isOffline && (
        <p class="hint is-offline">
          <Icon name="linkOff" />
          <span>{t(jobs || state.session.value ? "jobs.offline" : "jobs.nothingKnown")}</span>
        </p>
      )}
      <DoubtsLine />
      {!packsFirst && <Next />}
      {!packsFirst && jobs && <Lists />}
      <div class="tiles">
        <Packing />
        <PutWall />
        <Handover />
        <PutBack />
        <Tile
          icon="search"
          title={t("jobs.lookUp")}
          hint={t("jobs.lookUpHint")}
          onClick={() => {
            tab.value = "lookup";
          }}
        />
      </div>
      {packsFirst && <Next />}
      {packsFirst && jobs && <Lists />}
      <Age />
    </>
  );
}

function Next() {
  return (
    <button
      type="button"
      class="main next"
      data-testid="next-list"
      disabled={state.busy.value}
      onClick={() => void run(acts.takeNext())}
    >
      <Icon name="list" />
      <span>
        {t("jobs.next")}
        <small>{t("jobs.nextHint")}</small>
      </span>
    </button>
  );
}

function Lists() {
  const lists = [...(jobsKnown.value?.pickLists.nodes ?? [])].reverse(); // what waits longest comes first
  const mine = lists.filter((list) => isMine(list.worker?.name ?? null));
  const ready = lists.filter((list) => list.status === "READY" || (list.status === "PAUSED" && !list.worker));
  return (
    <>
      {mine.length > 0 && (
        <section>
          <h2>{t("jobs.mine")}</h2>
          <ul class="rows">
            {mine.map((list) => (
              <ListRow key={list.id} list={list} isMine />
            ))}
          </ul>
        </section>
      )}
      <section>
        <h2>{t("jobs.ready")}</h2>
        {ready.length === 0 && <p class="faint">{t("jobs.noneReady")}</p>}
        <ul class="rows">
          {ready.map((list) => (
            <ListRow key={list.id} list={list} />
          ))}
        </ul>
      </section>
    </>
  );
}

function isMine(worker: string | null): boolean {
  return worker !== null && worker === state.viewer.value?.name;
}

function Packing() {
  const stations = jobsKnown.value?.stations ?? [];
  const chosen = stations.find((station) => station.id === state.stationId.value);
  if (chosen) {
    return (
      <div class="tile-pair">
        <Tile
          icon="box"
          title={t("jobs.packAt", { station: chosen.code })}
          hint=""
          onClick={() => void run(acts.openPacking())}
        />
        {stations.length > 1 && (
          <button type="button" class="plain" onClick={() => void run(acts.chooseStation(null))}>
            {t("jobs.changeBench")}
          </button>
        )}
      </div>
    );
  }
  return (
    <fieldset class="benches">
      <legend>
        <Icon name="box" />
        <b>{t("jobs.pack")}</b>
        <small>{t(stations.length ? "jobs.chooseBench" : "jobs.noBench")}</small>
      </legend>
      {stations.map((station) => (
        <button
          type="button"
          class="plain"
          key={station.id}
          onClick={async () => {
            if (await run(acts.chooseStation(station.id))) await run(acts.openPacking());
          }}
        >
          {station.code}
        </button>
      ))}
    </fieldset>
  );
}

function PutWall() {
  const waves = wavesAtWalls(jobsKnown.value).length;
  return (
    <Tile
      icon="wall"
      title={t("jobs.sort")}
      hint={waves ? t("jobs.sortWaiting", { n: waves }) : t("jobs.sortHint")}
      onClick={() => void run(acts.openSorting())}
    />
  );
}

function Handover() {
  const lists = jobsKnown.value?.manifests?.nodes.length ?? 0;
  return (
    <Tile
      icon="truck"
      title={t("jobs.handover")}
      hint={lists ? t("jobs.handoverOpen", { n: lists }) : t("jobs.handoverHint")}
      onClick={() => void run(acts.openHandover())}
    />
  );
}

function PutBack() {
  const tasks = jobsKnown.value?.exceptionTasks.nodes ?? [];
  const pieces = tasks.reduce((sum, task) => sum + task.quantity, 0);
  return (
    <Tile
      icon="undo"
      title={t("jobs.putBack")}
      hint={pieces ? t("jobs.putBackWaiting", { n: pieces }) : t("jobs.putBackNone")}
      count={pieces}
      onClick={() => void run(acts.openPutBack())}
    />
  );
}

interface TileProps {
  icon: IconName;
  title: string;
  hint: string;
  count?: number;
  onClick: () => void;
}

function Tile({ icon, title, hint, count = 0, onClick }: TileProps) {
  return (
    <button type="button" class="tile" onClick={onClick} disabled={state.busy.value}>
      <Icon name={icon} />
      <span>
        <b>{title}</b>
        {hint && <small>{hint}</small>}
      </span>
      {count > 0 && <b class="count">{count}</b>}
    </button>
  );
}

function Age() {
  const seen = jobsSeenAt.value;
  return (
    <p class="age">
      {seen && <span>{ageOf(seen)}</span>}
      <button
        type="button"
        class="plain"
        disabled={state.busy.value}
        onClick={() => void run(acts.refreshJobs())}
      >
        <Icon name="refresh" />
        {t("jobs.refresh")}
      </button>
    </p>
  );
}
