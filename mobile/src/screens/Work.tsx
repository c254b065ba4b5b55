// One screen for picking, packing and putting back: one instruction, the latest answer, what may be done.

import type { Session } from "../desk/model";
import * as state from "../desk/state";
import { t } from "../language";
import { Actions } from "../parts/Actions";
import { Banner } from "../parts/Banner";
import { Camera } from "../parts/Camera";
import { Dock } from "../parts/Dock";
import { DoneCard, NothingLeft } from "../parts/DoneCard";
import { DoubtsLine } from "../parts/Doubts";
import { GoalCard } from "../parts/GoalCard";
import { type Goal, goalOf } from "../parts/goal";
import { Header } from "../parts/Header";
import { LoadCard } from "../parts/LoadCard";
import { Openings } from "../parts/Openings";
import { ParcelCard } from "../parts/ParcelCard";
import { QuestionCard } from "../parts/QuestionCard";
import { WallCard } from "../parts/WallCard";
import { ZeroCheck } from "../parts/ZeroCheck";
import { question } from "./question";
import { isCameraOn, openSheet, receive, stopCamera } from "./route";
import { WorkSheets } from "./WorkSheets";

export function Work({ session }: { session: Session }) {
  const goal = goalNow(session);
  const asked = question.value;
  const waiting = state.pending.value.length;
  const isDone = session.job === "PICK" && (state.aheadStep.value ?? session.step) === "DONE";
  const isEmpty = session.job === "PUT_BACK" && !session.next && waiting === 0;
  const isChoosing = (session.job === "SORT" || session.job === "HANDOVER") && session.step === "OPEN";
  return (
    <div class={`screen work job-${session.job.toLowerCase()} ${isCameraOn.value ? "has-camera" : ""}`}>
      <Header title={titleOf(session)} onBack={() => openSheet("leave")} />
      <Progress session={session} />
      <Banner shown={state.shown.value} />
      <main class="work-main">
        {isCameraOn.value && (
          <Camera hear={receive} expected={() => state.expected.value} onClose={stopCamera} />
        )}
        <div class="work-words">
          {session.job === "PACK" && <DoubtsLine />}
          {waiting > 0 && session.job !== "PICK" && (
            <p class="lagging">{t("work.noteKept", { n: waiting })}</p>
          )}
          {asked && <QuestionCard key={asked.clientId} question={asked} session={session} />}
          <ZeroCheck session={session} />
          {isDone && <DoneCard waiting={waiting} />}
          {isEmpty && <NothingLeft />}
          {!isDone && !isEmpty && goal && !(asked && asked.outcome !== "NEEDS_QUANTITY") && (
            <GoalCard goal={goal} sentence={sentenceOf(session, waiting, goal)} />
          )}
          {!isDone && !goal && <p class="goal-sentence">{session.instruction}</p>}
          {session.job === "PACK" && session.parcel && <ParcelCard parcel={session.parcel} />}
          {session.job === "HANDOVER" && <LoadCard session={session} />}
          {isChoosing && <Openings session={session} />}
          <Actions session={session} />
          {session.job === "SORT" && <WallCard session={session} />}
        </div>
      </main>
      <Dock hasWalk={session.job === "PICK"} />
      <WorkSheets session={session} goal={goal} />
    </div>
  );
}

function goalNow(session: Session) {
  const step = state.aheadStep.value ?? session.step;
  const isPicking = session.job === "PICK";
  const isShared = isPicking && state.walk.value?.wave.kind === "CLUSTER";
  return goalOf(session, step, isPicking ? state.ahead.value : null, isShared);
}

/** Where the screen says in its own words what the server's sentence says. */
const SAID = new Set([
  "PACK OPEN",
  "SORT OPEN",
  "SORT WALL",
  "SORT SLOT",
  "HANDOVER OPEN",
  "HANDOVER LOADING",
]);

/** The server's own sentence; while entries are only kept it may be out of date and is left out. */
function sentenceOf(session: Session, waiting: number, goal: Goal): string | null {
  if (waiting > 0 && goal.scan === "scan.put" && !goal.code) return t("work.toteUnknown");
  return waiting > 0 || SAID.has(`${session.job} ${session.step}`) ? null : session.instruction;
}

function titleOf(session: Session) {
  const work = session.lease?.pickList ?? session.wave ?? session.manifest;
  const number = work?.number ?? session.station?.code;
  return (
    <>
      {t(`job.${session.job}`)} {number && <span class="whole">{number}</span>}
    </>
  );
}

function Progress({ session }: { session: Session }) {
  const { done, total } = session.progress;
  if (total === 0) return null;
  return (
    <div class="progress">
      <progress max={total} value={done} aria-label={t("work.progress", { done, total })} />
      <span>{t("work.progress", { done, total })}</span>
    </div>
  );
}
