// A new version is offered between tasks and loaded only by a tap.

import { t } from "../language";
import { newVersion } from "../screens/update";

export function NewVersion() {
  const load = newVersion.value;
  if (!load) return null;
  return (
    <div class="note is-version" role="status">
      <span>{t("app.newVersion")}</span>
      <button type="button" class="plain" onClick={load}>
        {t("app.loadNew")}
      </button>
    </div>
  );
}
