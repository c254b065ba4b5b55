// The three places of the app, while no work covers them.

import { t } from "../language";
import { sheet, type Tab, tab } from "../screens/route";
import { Icon, type IconName } from "./Icon";

const TABS: readonly [Tab, IconName][] = [
  ["jobs", "list"],
  ["lookup", "search"],
  ["settings", "settings"],
];

export function Tabs() {
  return (
    <nav class="tabs">
      {TABS.map(([name, icon]) => (
        <button
          type="button"
          key={name}
          data-tab={name}
          aria-current={tab.value === name ? "page" : undefined}
          onClick={() => {
            sheet.value = null;
            tab.value = name;
          }}
        >
          <Icon name={icon} />
          <span>{t(`tab.${name}`)}</span>
        </button>
      ))}
    </nav>
  );
}
