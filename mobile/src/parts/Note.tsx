// A sentence from an act or the server, until it is dismissed. It covers nothing and blocks nothing.

import { notice } from "../desk/state";
import { t } from "../language";
import { told } from "../screens/route";
import { Icon } from "./Icon";

export function Note() {
  const own = told.value;
  const servers = notice.value;
  const text = own ?? servers?.text;
  const isProblem = own !== null || servers?.tone === "problem";
  return (
    <div role="status" aria-live="polite">
      {text && (
        <div class={`note ${isProblem ? "is-problem" : ""}`}>
          <Icon name={isProblem ? "alert" : "check"} />
          <span>{text}</span>
          <button
            type="button"
            class="quiet square"
            aria-label={t("app.cleared")}
            onClick={() => {
              if (own === null) notice.value = null;
              told.value = null;
            }}
          >
            <Icon name="cross" />
          </button>
        </div>
      )}
    </div>
  );
}
