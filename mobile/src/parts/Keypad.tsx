// Number keys for gloves: large, and no text field that would take the focus from a scanner.

import { t } from "../language";
import { Icon } from "./Icon";

interface Props {
  value: string;
  onChange: (value: string) => void;
  /** What the number counts, beside it. */
  unit?: string;
  /** More keys than digits, for codes. */
  extra?: readonly string[];
  lengthMax?: number;
}

const DIGITS = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];

export function Keypad({ value, onChange, unit = "", extra = [], lengthMax = 6 }: Props) {
  const add = (sign: string) => value.length < lengthMax && onChange(value + sign);
  const key = (sign: string) => (
    <button type="button" class="key" key={sign} onClick={() => add(sign)}>
      {sign}
    </button>
  );
  return (
    <div class="keypad">
      <output class="keypad-value" aria-label={t("keypad.value")} aria-live="polite">
        {value || <span class="faint">–</span>}
        {unit && <small>{unit}</small>}
      </output>
      <div class="keys">
        {DIGITS.map(key)}
        <button type="button" class="key is-word" onClick={() => onChange("")}>
          {t("keypad.clear")}
        </button>
        {key("0")}
        <button
          type="button"
          class="key"
          onClick={() => onChange(value.slice(0, -1))}
          aria-label={t("keypad.delete")}
        >
          <Icon name="backspace" />
        </button>
        {extra.map(key)}
      </div>
    </div>
  );
}

/** The number keyed, or null while there is none. */
export function keyed(value: string): number | null {
  return /^\d+$/.test(value) ? Number(value) : null;
}
