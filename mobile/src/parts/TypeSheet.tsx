// Typing a code: large keys for digits and the usual letters, or the phone's keyboard when the person asks for it.

import { useState } from "preact/hooks";
import { language, t } from "../language";
import { receive, work } from "../screens/route";
import { Keypad } from "./Keypad";
import { Sheet } from "./Sheet";

const SIGNS = ["-", "A", "B", "C", "D", "E", "H", "P", "T", "V", "W"];
const LENGTH_MAX = 64;

export function TypeSheet({ onClose }: { onClose: () => void }) {
  const [code, setCode] = useState("");
  const [hasKeyboard, setKeyboard] = useState(false);
  const hint = whatFits();
  const enter = () => {
    const raw = code.trim();
    if (!raw) return;
    onClose();
    receive({ raw, source: "TYPED" });
  };
  return (
    <Sheet title={t("type.title")} onClose={onClose}>
      <form
        class="answer"
        onSubmit={(event) => {
          event.preventDefault();
          enter();
        }}
      >
        {hasKeyboard ? (
          <label class="field">
            <span>{hint}</span>
            <input
              type="text"
              class="typed"
              value={code}
              inputMode="text"
              autoComplete="off"
              autoCapitalize="characters"
              spellcheck={false}
              maxLength={LENGTH_MAX}
              enterKeyHint="send"
              onInput={(event) => setCode(event.currentTarget.value)}
            />
          </label>
        ) : (
          <>
            <p>{hint}</p>
            <Keypad value={code} onChange={setCode} extra={SIGNS} lengthMax={LENGTH_MAX} />
            <button type="button" class="plain" onClick={() => setKeyboard(true)}>
              {t("type.letters")}
            </button>
          </>
        )}
        <button type="submit" class="main" disabled={!code.trim()}>
          {t("type.do")}
        </button>
      </form>
    </Sheet>
  );
}

/** What the step takes, by the server's own word; elsewhere anything. */
function whatFits(): string {
  const kinds = work.value?.expects ?? [];
  if (kinds.length === 0) return t("type.hint");
  const separator = language.value === "zh-CN" ? "、" : ", ";
  return t("expects.now", { kinds: kinds.map((kind) => t(`expects.${kind}`)).join(separator) });
}
