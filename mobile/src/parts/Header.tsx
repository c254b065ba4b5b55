// Always there: how many entries are not booked yet, whether the server answers, and who is signed in.

import type { ComponentChildren } from "preact";
import { link, othersUnsynced, unsynced, viewer } from "../desk/state";
import { t } from "../language";
import { openSheet, sheet, tab } from "../screens/route";
import { Icon, type IconName } from "./Icon";

const LINKS = {
  ONLINE: ["link", "link.online"],
  OFFLINE: ["linkOff", "link.offline"],
  SIGNED_OUT: ["key", "link.signedOut"],
} as const satisfies Record<string, readonly [IconName, string]>;

export function Header({ title, onBack }: { title: ComponentChildren; onBack?: (() => void) | undefined }) {
  const [linkIcon, linkWords] = LINKS[link.value];
  return (
    <header class="bar">
      {onBack && (
        <button type="button" class="quiet square" onClick={onBack} aria-label={t("app.back")}>
          <Icon name="back" />
        </button>
      )}
      <h1>{title}</h1>
      <Unsynced />
      <span
        class={`link is-${link.value.toLowerCase()}`}
        role="img"
        aria-label={t(linkWords)}
        title={t(linkWords)}
      >
        <Icon name={linkIcon} />
      </span>
      <Person />
    </header>
  );
}

function Unsynced() {
  const count = unsynced.value;
  const words = count ? t("unsynced.some", { n: count }) : t("unsynced.none");
  return (
    <button
      type="button"
      class={`unsynced ${count ? "has-some" : "has-none"}`}
      data-unsynced={count}
      data-others={othersUnsynced.value}
      aria-label={words}
      title={words}
      onClick={() => openSheet("history")}
    >
      <Icon name={count ? "clock" : "check"} />
      {count > 0 && <b>{count}</b>}
    </button>
  );
}

function Person() {
  const person = viewer.value;
  if (!person) return null;
  const name = person.name ?? person.signIn ?? "";
  return (
    <button
      type="button"
      class="person"
      aria-label={`${t("settings.person")}: ${name}`}
      onClick={() => {
        sheet.value = null;
        tab.value = "settings";
      }}
    >
      <Icon name="person" />
      <span>{name}</span>
    </button>
  );
}
