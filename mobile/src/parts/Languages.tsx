// The language switch; each language is named in itself, so that it is found by who cannot read the other.

import { chooseLanguage, type Language, language, t } from "../language";

const NAMES: Record<Language, string> = { "zh-CN": "中文", en: "English" };

export function Languages() {
  return (
    <fieldset class="segments">
      <legend class="unseen">{t("settings.language")}</legend>
      {(Object.keys(NAMES) as Language[]).map((each) => (
        <button
          type="button"
          key={each}
          lang={each}
          aria-pressed={language.value === each}
          onClick={() => chooseLanguage(each)}
        >
          {NAMES[each]}
        </button>
      ))}
    </fieldset>
  );
}
