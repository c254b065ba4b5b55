// The first screen: a pairing link, the QR a manager shows, or a name and a password.

import { useState } from "preact/hooks";
import { canUseCamera, isSecure } from "../capture/camera";
import * as acts from "../desk/acts";
import * as state from "../desk/state";
import { t } from "../language";
import { Camera } from "../parts/Camera";
import { Icon } from "../parts/Icon";
import { Insecure } from "../parts/Insecure";
import { Languages } from "../parts/Languages";
import { Note } from "../parts/Note";
import { PictureButton } from "../parts/PictureButton";
import { device, isCameraOn, receive, run, stopCamera } from "./route";

export function Pair() {
  const waiting = state.unsynced.value + state.othersUnsynced.value;
  return (
    <div class="screen pair">
      <header class="bar">
        <h1>pickmesh</h1>
        <Languages />
      </header>
      <Note />
      <main class="page">
        {!isSecure() && <Insecure />}
        <h2>{t("pair.title")}</h2>
        <p>{state.link.value === "SIGNED_OUT" ? t("pair.again") : t("pair.lead")}</p>
        {waiting > 0 && (
          <p class="hint is-kept">
            <Icon name="clock" />
            <span>{t("pair.waiting", { n: waiting })}</span>
          </p>
        )}
        <ByCode />
        <details>
          <summary>{t("pair.byName")}</summary>
          <ByName />
        </details>
        <details>
          <summary>{t("pair.byLink")}</summary>
          <ByLink />
        </details>
        <label class="field">
          <span>{t("pair.device")}</span>
          <input
            type="text"
            value={device.value}
            maxLength={60}
            autoComplete="off"
            onInput={(event) => {
              device.value = event.currentTarget.value;
            }}
          />
          <small>{t("pair.deviceHint")}</small>
        </label>
        {state.busy.value && <p role="status">{t("pair.busy")}</p>}
      </main>
    </div>
  );
}

function ByCode() {
  if (!canUseCamera()) return <PictureButton label={t("pair.picture")} className="main" />;
  const isOn = isCameraOn.value;
  return (
    <>
      {isOn && <Camera hear={receive} expected={() => []} onClose={stopCamera} />}
      <button
        type="button"
        class="main"
        data-testid="camera-toggle"
        onClick={() => {
          isCameraOn.value = !isOn;
        }}
      >
        <Icon name={isOn ? "cameraOff" : "camera"} />
        {t(isOn ? "pair.stopScan" : "pair.scan")}
      </button>
    </>
  );
}

function ByName() {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const signIn = async () => {
    if (await run(acts.signIn(name.trim(), password, device.value))) setPassword("");
  };
  return (
    <form
      class="answer"
      onSubmit={(event) => {
        event.preventDefault();
        void signIn();
      }}
    >
      <label class="field">
        <span>{t("pair.name")}</span>
        <input
          type="text"
          name="username"
          value={name}
          autoComplete="username"
          autoCapitalize="none"
          spellcheck={false}
          data-wedge="off"
          onInput={(event) => setName(event.currentTarget.value)}
        />
      </label>
      <label class="field">
        <span>{t("pair.password")}</span>
        <input
          type="password"
          name="password"
          value={password}
          autoComplete="current-password"
          onInput={(event) => setPassword(event.currentTarget.value)}
        />
      </label>
      <button type="submit" class="main" disabled={!name.trim() || !password || state.busy.value}>
        {t("pair.signIn")}
      </button>
    </form>
  );
}

function ByLink() {
  const [link, setLink] = useState("");
  return (
    <form
      class="answer"
      onSubmit={(event) => {
        event.preventDefault();
        void run(acts.pair(link.trim(), device.value));
      }}
    >
      <label class="field">
        <span>{t("pair.link")}</span>
        <input
          type="text"
          inputMode="url"
          value={link}
          autoComplete="off"
          autoCapitalize="none"
          spellcheck={false}
          onInput={(event) => setLink(event.currentTarget.value)}
        />
      </label>
      <button type="submit" class="main" disabled={!link.trim() || state.busy.value}>
        {t("pair.useLink")}
      </button>
    </form>
  );
}
