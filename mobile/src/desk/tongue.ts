// The server's sentences are in the language they were asked for in: another language asks for them anew.

import { effect, untracked } from "@preact/signals";
import { type Language, language } from "../language";
import { open } from "./house";
import * as state from "./state";
import { refreshWalk } from "./walks";
import { refreshJobs } from "./working";

let isFollowing = false;

/** Ask for the open work and the jobs anew when the language changes, and when there is a connection again. */
export function followLanguage(): void {
  if (isFollowing) return;
  isFollowing = true;
  let spoken: Language | null = null;
  effect(() => {
    const wanted = language.value;
    const canAsk = state.link.value === "ONLINE" && state.viewer.value !== null;
    if (!canAsk || wanted === spoken) {
      if (!canAsk) spoken = null; // what was kept by an earlier visit may be in any language
      return;
    }
    spoken = wanted;
    void untracked(askAnew).catch(() => {}); // without the phone's own store, whatever is entered next says so
  });
}

async function askAnew(): Promise<void> {
  const session = state.session.value;
  if (session) await refreshWalk((await open()).keep, session.id, "SESSION");
  if (state.jobs.value) await refreshJobs();
}
