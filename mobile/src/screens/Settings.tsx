// Who, where, how it looks and sounds, what is not booked yet, and this phone's standing.

import { isSecure } from "../capture/camera";
import * as acts from "../desk/acts";
import type { Feeling } from "../desk/model";
import * as state from "../desk/state";
import { canShake, feel } from "../feel/player";
import { sounds, type Theme, theme, vibration } from "../feel/settings";
import { t } from "../language";
import { Header } from "../parts/Header";
import { Icon } from "../parts/Icon";
import { Insecure } from "../parts/Insecure";
import { Invite } from "../parts/Invite";
import { Languages } from "../parts/Languages";
import { SignOutSheet } from "../parts/SignOutSheet";
import { Segments, Switch } from "../parts/switches";
import { Warehouses } from "../parts/Warehouses";
import { jobsKnown } from "./age";
import { closeSheet, openSheet, run, sheet } from "./route";
import { version } from "./version";

export function Settings() {
  const person = state.viewer.value;
  return (
    <div class="screen settings">
      <Header title={t("settings.title")} />
      <main class="page">
        {!isSecure() && <Insecure />}
        {person && (
          <section>
            <h2>{t("settings.person")}</h2>
            <p class="who">
              <Icon name="person" />
              <span>
                <b>{person.name}</b>
                <small>
                  {t(`role.${person.role}`)} · {person.merchant.name}
                </small>
              </span>
            </p>
          </section>
        )}
        <Unsent />
        <Looks />
        <Feels />
        <Warehouses />
        <Benches />
        {person?.permissions.includes("FLOOR_MANAGE") && <Invite />}
        <Phone />
        <button type="button" class="plain is-warning" onClick={() => openSheet("signOut")}>
          {t("settings.signOut")}
        </button>
      </main>
      {sheet.value === "signOut" && <SignOutSheet onClose={closeSheet} />}
    </div>
  );
}

function Unsent() {
  const own = state.unsynced.value;
  const others = state.othersUnsynced.value;
  return (
    <section>
      <h2>{t("settings.unsent")}</h2>
      {own + others === 0 && <p class="faint">{t("settings.unsentNone")}</p>}
      {own > 0 && <p>{t("settings.unsentOwn", { n: own })}</p>}
      {others > 0 && <p>{t("settings.unsentOthers", { n: others })}</p>}
      {own > 0 && (
        <button type="button" class="plain" onClick={() => void run(acts.sendNow())}>
          {t("settings.sendNow")}
        </button>
      )}
    </section>
  );
}

function Looks() {
  const themes: Theme[] = ["auto", "light", "dark"];
  return (
    <section>
      <h2>{t("settings.language")}</h2>
      <Languages />
      <h2>{t("settings.theme")}</h2>
      <Segments
        legend={t("settings.theme")}
        options={themes.map((id) => ({ id, label: t(`theme.${id}`) }))}
        value={theme.value}
        onChange={(id) => {
          theme.value = id;
        }}
      />
    </section>
  );
}

const FEELINGS: Feeling[] = ["KEPT", "GOOD", "DONE", "ASK", "WRONG"];

function Feels() {
  return (
    <section>
      <h2>{t("settings.feel")}</h2>
      <Switch icon="sound" label={t("settings.sounds")} setting={sounds} />
      <Switch icon="shake" label={t("settings.vibration")} setting={vibration} />
      {!canShake() && <p class="faint">{t("settings.noVibration")}</p>}
      <p>{t("settings.test")}</p>
      <div class="feelings">
        {FEELINGS.map((feeling) => (
          <button
            type="button"
            key={feeling}
            class={`feeling is-${feeling.toLowerCase()}`}
            onClick={() => feel(feeling)}
          >
            {t(`feel.${feeling}`)}
          </button>
        ))}
      </div>
    </section>
  );
}

function Benches() {
  const stations = jobsKnown.value?.stations ?? [];
  if (stations.length === 0) return null;
  return (
    <section>
      <h2>{t("settings.bench")}</h2>
      <div class="choices is-short">
        {stations.map((station) => (
          <button
            type="button"
            class="choice"
            key={station.id}
            aria-pressed={station.id === state.stationId.value}
            onClick={() => void run(acts.chooseStation(station.id))}
          >
            {station.code}
          </button>
        ))}
      </div>
    </section>
  );
}

function Phone() {
  const kept = state.isStorageKept.value;
  return (
    <section>
      <h2>{t("settings.phone")}</h2>
      <p class="fact">
        <Icon name={kept ? "shield" : "alert"} />
        <span>{t(kept ? "settings.storageKept" : "settings.storageOpen")}</span>
      </p>
      {isSecure() && location.protocol === "https:" && (
        <p class="fact">
          <Icon name="lock" />
          <span>{t("settings.secure")}</span>
        </p>
      )}
      <p class="faint">{t("settings.version", { version })}</p>
    </section>
  );
}
