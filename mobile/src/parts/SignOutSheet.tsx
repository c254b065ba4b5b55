// Signing out: says what waits on this phone before it is done.

import { signOut } from "../desk/acts";
import { unsynced } from "../desk/state";
import { t } from "../language";
import { run, tab } from "../screens/route";
import { Sheet } from "./Sheet";

export function SignOutSheet({ onClose }: { onClose: () => void }) {
  const waiting = unsynced.value;
  const go = async () => {
    onClose();
    if (await run(signOut(true))) tab.value = "jobs";
  };
  return (
    <Sheet title={t("settings.signOutTitle")} onClose={onClose}>
      {waiting > 0 && <p class="hint is-kept">{t("settings.signOutWaiting", { n: waiting })}</p>}
      <p>{t("settings.signOutHint")}</p>
      <button type="button" class="main is-warning" onClick={() => void go()}>
        {t("settings.signOut")}
      </button>
      <button type="button" class="plain" onClick={onClose}>
        {t("app.cancel")}
      </button>
    </Sheet>
  );
}
