// Which screen is on: linking, the work, or one of the three tabs; errors lie over all of them.

import { useEffect } from "preact/hooks";
import { acknowledge } from "../desk/acts";
import * as state from "../desk/state";
import { t } from "../language";
import { DoubtsSheet } from "../parts/Doubts";
import { HistorySheet } from "../parts/lists";
import { NewVersion } from "../parts/NewVersion";
import { Note } from "../parts/Note";
import { Problem } from "../parts/Problem";
import { Tabs } from "../parts/Tabs";
import { TypeSheet } from "../parts/TypeSheet";
import { Jobs } from "./Jobs";
import { LookUp } from "./LookUp";
import { Pair } from "./Pair";
import { closeSheet, run, sheet, tab, work } from "./route";
import { Settings } from "./Settings";
import { isStarted } from "./started";
import { Work } from "./Work";

export function App() {
  if (!isStarted.value) return <p class="loading">{t("app.loading")}</p>;
  if (!state.viewer.value || state.link.value === "SIGNED_OUT") return <Pair />;
  return (
    <>
      <Screen />
      <Overlays />
    </>
  );
}

function Screen() {
  const session = work.value;
  const isWorking = session !== null && tab.value === "jobs";
  useEffect(() => {
    window.scrollTo(0, 0);
  }, [tab.value, session?.id]);
  return (
    <div class={`app ${isWorking ? "is-working" : ""}`}>
      <Note />
      {!isWorking && <NewVersion />}
      {isWorking && <Work session={session} />}
      {!isWorking && tab.value === "jobs" && <Jobs />}
      {tab.value === "lookup" && <LookUp />}
      {tab.value === "settings" && <Settings />}
      {!isWorking && <Tabs />}
    </div>
  );
}

function Overlays() {
  const [first, ...more] = state.problems.value;
  return (
    <>
      {sheet.value === "type" && <TypeSheet onClose={closeSheet} />}
      {sheet.value === "doubts" && <DoubtsSheet doubts={state.doubts.value} onClose={closeSheet} />}
      {sheet.value === "history" && (
        <HistorySheet entries={state.history.value} session={state.session.value} onClose={closeSheet} />
      )}
      {first && <Problem shown={first} more={more.length} onUnderstood={() => void run(acknowledge())} />}
    </>
  );
}
