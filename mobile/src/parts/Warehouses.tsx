// Choosing the warehouse: asked once, remembered on this phone.

import { chooseLocation } from "../desk/acts";
import { busy, locationId, locations } from "../desk/state";
import { t } from "../language";
import { run } from "../screens/route";

export function Warehouses() {
  const ours = locations.value.filter((place) => place.kind === "WAREHOUSE");
  return (
    <section>
      <h2>{t("jobs.chooseWarehouse")}</h2>
      {ours.length === 0 && <p>{t("jobs.noWarehouse")}</p>}
      <div class="choices">
        {ours.map((place) => (
          <button
            type="button"
            class="choice"
            key={place.id}
            disabled={busy.value}
            aria-pressed={place.id === locationId.value}
            onClick={() => void run(chooseLocation(place.id))}
          >
            {place.name} <small>{place.code}</small>
          </button>
        ))}
      </div>
    </section>
  );
}
