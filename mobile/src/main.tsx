// The app begins here: what this phone keeps is read, the scanner is listened to, the screen is drawn.

import { render } from "preact";
import { listenToWedge } from "./capture/wedge";
import { pair, start } from "./desk/acts";
import * as state from "./desk/state";
import { follow } from "./feel/follow";
import { feel, unlock } from "./feel/player";
import { t } from "./language";
import { App } from "./screens/App";
import { watchAge } from "./screens/age";
import { watchBoards, watchDoubts, watchLabels } from "./screens/labels";
import { backCloses, device, looksUpTheRest, receive, run } from "./screens/route";
import { isStarted } from "./screens/started";
import { tapsCountOnce } from "./screens/taps";
import { keepApp } from "./screens/update";
import "./styles/colours.css";
import "./styles/base.css";
import "./styles/frame.css";
import "./styles/work.css";
import "./styles/walls.css";
import "./styles/verdicts.css";
import "./styles/sheets.css";
import "./styles/pages.css";

/** Take a pairing link's secret part out of the address before anything else can see or keep it. */
function takePairing(): string | null {
  const secret = location.hash;
  if (!secret.startsWith("#pair=")) return null;
  history.replaceState(null, "", location.pathname + location.search);
  return secret;
}

async function begin(): Promise<void> {
  const link = takePairing();
  device.value = t("pair.deviceDefault");
  const root = document.getElementById("app");
  if (root) render(<App />, root);
  unlock(window);
  tapsCountOnce(window);
  watchAge();
  watchLabels();
  watchDoubts();
  watchBoards();
  looksUpTheRest();
  await run(start());
  isStarted.value = true;
  follow(state.shown, state.problems, feel);
  if (link) await run(pair(link, device.value));
  listenToWedge(window, receive);
  backCloses(window);
  window.addEventListener("hashchange", () => {
    const later = takePairing();
    if (later) void run(pair(later, device.value));
  });
  keepApp();
}

void begin();
