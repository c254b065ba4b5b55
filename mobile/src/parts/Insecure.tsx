// Says plainly what an http connection takes away and what works all the same.

import { t } from "../language";
import { Icon } from "./Icon";

export function Insecure() {
  return (
    <section class="insecure" data-testid="insecure">
      <Icon name="lock" />
      <div>
        <b>{t("insecure.title")}</b>
        <p>{t("insecure.lost")}</p>
        <p>{t("insecure.works")}</p>
      </div>
    </section>
  );
}
