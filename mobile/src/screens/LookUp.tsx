// What is this, where does it lie, how many are free: scan or type anything.

import { useState } from "preact/hooks";
import { canUseCamera } from "../capture/camera";
import * as state from "../desk/state";
import { t } from "../language";
import { Camera } from "../parts/Camera";
import { CameraButton, Opens } from "../parts/Dock";
import { Header } from "../parts/Header";
import { HitCard } from "../parts/HitCard";
import { Icon } from "../parts/Icon";
import { PictureButton } from "../parts/PictureButton";
import { asked, isCameraOn, look, receive, stopCamera } from "./route";

export function LookUp() {
  const found = state.found.value;
  return (
    <div class={`screen lookup ${isCameraOn.value ? "has-camera" : ""}`}>
      <Header title={t("look.title")} />
      <main class="page">
        {isCameraOn.value && (
          <Camera hear={receive} expected={() => state.expected.value} onClose={stopCamera} />
        )}
        <Search />
        <section aria-live="polite">
          {asked.value && (
            <p class="asked">
              <b>{asked.value}</b>
              {state.busy.value && <span class="faint"> {t("look.busy")}</span>}
            </p>
          )}
          {asked.value && found?.length === 0 && !state.busy.value && <p>{t("look.nothing")}</p>}
          {!asked.value && <p class="faint">{t("look.lead")}</p>}
          <ul class="hits">
            {found?.map((hit, index) => (
              <HitCard key={`${hit.__typename} ${index}`} hit={hit} />
            ))}
          </ul>
        </section>
      </main>
      <nav class="dock is-small">
        {canUseCamera() ? <CameraButton /> : <PictureButton label={t("action.picture")} />}
        <Opens name="type" icon="keyboard" label={t("action.type")} />
      </nav>
    </div>
  );
}

function Search() {
  const [term, setTerm] = useState("");
  return (
    <form
      class="search"
      onSubmit={(event) => {
        event.preventDefault();
        look(term);
        setTerm("");
      }}
    >
      <label class="field">
        <span class="unseen">{t("look.placeholder")}</span>
        <input
          type="search"
          value={term}
          placeholder={t("look.placeholder")}
          autoComplete="off"
          spellcheck={false}
          enterKeyHint="search"
          maxLength={200}
          onInput={(event) => setTerm(event.currentTarget.value)}
        />
      </label>
      <button type="submit" class="square is-main" disabled={!term.trim()} aria-label={t("look.do")}>
        <Icon name="search" />
      </button>
    </form>
  );
}
