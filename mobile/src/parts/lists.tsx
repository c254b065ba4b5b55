// The remaining walk and what was done lately, each line with what is booked and what is only kept.

import { useState } from "preact/hooks";
import { say } from "../desk/acts";
import type { KeptEntry, Session, Walk, WalkLine } from "../desk/model";
import { named, t } from "../language";
import { run } from "../screens/route";
import { Icon } from "./Icon";
import { aboutOf, OUTCOME_ICONS } from "./outcomes";
import { Sentence } from "./Sentence";
import { Sheet } from "./Sheet";

interface WalkProps {
  walk: Walk | null;
  /** The line to do now. */
  now: WalkLine | null;
  /** What is kept and not answered, newest or oldest first. */
  pending: readonly KeptEntry[];
  onClose: () => void;
}

export function WalkSheet({ walk, now, pending, onClose }: WalkProps) {
  if (!walk) {
    return (
      <Sheet title={t("action.walk")} onClose={onClose}>
        <p>{t("walk.empty")}</p>
      </Sheet>
    );
  }
  return (
    <Sheet title={t("walk.title", { number: walk.number })} onClose={onClose}>
      <ol class="lines">
        {walk.lines.map((line) => (
          <Line key={line.id} line={line} isNow={line.id === now?.id} kept={keptOf(line, pending)} />
        ))}
      </ol>
    </Sheet>
  );
}

function keptOf(line: WalkLine, pending: readonly KeptEntry[]): number {
  const pieces = pending
    .filter((entry) => entry.guess.lineId === line.id)
    .reduce((sum, entry) => sum + (entry.guess.pieces ?? 0), 0);
  // A piece that is taken and then put into its tote is one piece in two entries.
  return Math.min(pieces, Math.max(0, line.quantity - line.pickedQuantity - line.shortQuantity));
}

function Line({ line, isNow, kept }: { line: WalkLine; isNow: boolean; kept: number }) {
  const isCancelled = line.status === "CANCELLED";
  const isDone = line.status === "DONE";
  const done = line.pickedQuantity;
  return (
    <li
      class={`line ${isNow ? "is-now" : ""} ${isDone || isCancelled ? "is-over" : ""}`}
      aria-current={isNow}
    >
      <Icon name={isCancelled ? "stop" : kept ? "clock" : isDone ? "check" : isNow ? "place" : "box"} />
      <div>
        <b class="line-place">{line.place?.code}</b>
        <span>{named(line.sku.nameZh, line.sku.nameEn)}</span>
        <small>
          {line.sku.code}
          {line.lot && ` · ${t("work.lot")} ${line.lot.code}`}
        </small>
      </div>
      <div class="line-state">
        <b>{t("walk.line", { done, n: line.quantity })}</b>
        <small>{isNow && !isDone ? t("walk.now") : t(`walk.${line.status}`)}</small>
        {line.shortQuantity > 0 && <small>{t("walk.short", { n: line.shortQuantity })}</small>}
        {kept > 0 && <small class="kept-words">{t("walk.KEPT", { n: kept })}</small>}
      </div>
    </li>
  );
}

interface HistoryProps {
  entries: readonly KeptEntry[];
  session: Session | null;
  onClose: () => void;
}

export function HistorySheet({ entries, session, onClose }: HistoryProps) {
  const canUndo = session?.supportedActions.includes("UNDO") ?? false;
  return (
    <Sheet title={t("history.title")} onClose={onClose}>
      {entries.length === 0 && <p class="faint">{t("history.empty")}</p>}
      <ol class="lines">
        {entries.map((entry) => (
          <Entry key={entry.clientId} entry={entry} canUndo={canUndo && isUndoable(entry)} />
        ))}
      </ol>
    </Sheet>
  );
}

const UNDOABLE = new Set(["ACCEPTED", "LINE_DONE", "TASK_DONE"]);

function isUndoable(entry: KeptEntry): boolean {
  const hasBooked = UNDOABLE.has(entry.verdict?.outcome ?? "");
  return hasBooked && entry.kind !== "UNDO" && (entry.guess.pieces ?? 0) > 0;
}

function Entry({ entry, canUndo }: { entry: KeptEntry; canUndo: boolean }) {
  const [isSure, setSure] = useState(false);
  const { verdict, state } = entry;
  const feeling = verdict ? verdict.tone.toLowerCase() : state === "KEPT" ? "kept" : "wrong";
  const undo = () => {
    if (isSure) void run(say({ kind: "UNDO", answers: entry.clientId }));
    setSure(!isSure);
  };
  return (
    <li class={`line entry is-${feeling}`}>
      <Icon name={verdict ? OUTCOME_ICONS[verdict.outcome] : state === "KEPT" ? "clock" : "cross"} />
      <div>
        <b>{aboutOf(entry)}</b>
        <span>
          <Sentence text={verdict?.message ?? entry.problem ?? t(`history.${state}`)} />
        </span>
        <small>
          {timeOf(entry.recordedAt)} · {t(`kind.${entry.kind}`)}
          {entry.said.source && ` · ${t(`source.${entry.said.source}`)}`}
          {` · ${verdict ? t(`verdict.${verdict.outcome}`) : t(`history.${state}`)}`}
        </small>
      </div>
      {canUndo && (
        <button type="button" class={isSure ? "plain is-warning" : "plain"} onClick={undo}>
          {isSure ? t("undo.do") : t("undo.this")}
        </button>
      )}
    </li>
  );
}

function timeOf(moment: string): string {
  const date = new Date(moment);
  const pad = (n: number) => String(n).padStart(2, "0");
  return `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
}
