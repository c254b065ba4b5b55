// The panels that open over the work, one at a time.

import type { Session } from "../desk/model";
import * as state from "../desk/state";
import { DamagedSheet, LeaveSheet, LeftOverSheet, ReasonSheet, UndoSheet } from "../parts/confirms";
import { NotEmptySheet, QuantitySheet, ShortSheet, WeightSheet } from "../parts/counts";
import type { Goal } from "../parts/goal";
import { WalkSheet } from "../parts/lists";
import { CloseSheet, MissingSheet, StrangersSheet } from "../parts/loading";
import { closeSheet, sheet } from "./route";

export function WorkSheets({ session, goal }: { session: Session; goal: Goal | null }) {
  switch (sheet.value) {
    case "walk":
      return (
        <WalkSheet
          walk={state.walk.value}
          now={state.ahead.value}
          pending={state.pending.value}
          onClose={closeSheet}
        />
      );
    case "short":
      return <ShortSheet session={session} goal={goal} onClose={closeSheet} />;
    case "quantity":
      return <QuantitySheet session={session} goal={goal} onClose={closeSheet} />;
    case "weight":
      return <WeightSheet session={session} goal={goal} onClose={closeSheet} />;
    case "force":
      return <ReasonSheet kind="FORCE" onClose={closeSheet} />;
    case "reprint":
      return <ReasonSheet kind="REPRINT" onClose={closeSheet} />;
    case "kickOut":
      return <ReasonSheet kind="KICK_OUT" onClose={closeSheet} />;
    case "damaged":
      return <DamagedSheet onClose={closeSheet} />;
    case "leftOver":
      return <LeftOverSheet onClose={closeSheet} />;
    case "hospital":
      return <ReasonSheet kind="HOSPITAL" tote={session.next?.toteCode ?? ""} onClose={closeSheet} />;
    case "notEmpty":
      return <NotEmptySheet session={session} onClose={closeSheet} />;
    case "missing":
      return <MissingSheet session={session} onClose={closeSheet} />;
    case "strangers":
      return <StrangersSheet onClose={closeSheet} />;
    case "close":
      return <CloseSheet session={session} onClose={closeSheet} />;
    case "undo":
      return <UndoSheet onClose={closeSheet} />;
    case "leave":
      return <LeaveSheet onClose={closeSheet} />;
    default:
      return null;
  }
}
