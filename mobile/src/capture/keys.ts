// What a key event means when a scanner is typing: the character it stands for, whatever input method is on.

/** A character a scanner typed, its end sign, or nothing a scanner would type. */
export type Stroke = { character: string } | "END" | "UNSEEN" | "NEUTRAL" | "OTHER";

/** The control character between the parts of a GS1 code; no keyboard has a key for it. */
export const GROUP_SEPARATOR = "\x1d";

const ENDS = new Set(["Enter", "NumpadEnter", "Tab"]);
const MODIFIERS = new Set(["Shift", "Control", "Alt", "AltGraph", "Meta", "CapsLock", "NumLock", "Fn"]);
const DIGITS_SHIFTED = ")!@#$%^&*(";
const SIGNS: Record<string, [plain: string, shifted: string]> = {
  Minus: ["-", "_"],
  Equal: ["=", "+"],
  BracketLeft: ["[", "{"],
  BracketRight: ["]", "}"],
  Backslash: ["\\", "|"],
  Semicolon: [";", ":"],
  Quote: ["'", '"'],
  Backquote: ["`", "~"],
  Comma: [",", "<"],
  Period: [".", ">"],
  Slash: ["/", "?"],
  Space: [" ", " "],
  NumpadAdd: ["+", "+"],
  NumpadSubtract: ["-", "-"],
  NumpadMultiply: ["*", "*"],
  NumpadDivide: ["/", "/"],
  NumpadDecimal: [".", "."],
};

/** The parts of a KeyboardEvent that are looked at. */
export type Key = Pick<
  KeyboardEvent,
  "key" | "code" | "keyCode" | "shiftKey" | "ctrlKey" | "altKey" | "metaKey" | "isComposing"
>;

/**
 * Tell what a key press stands for. UNSEEN: an input method swallowed it and the text comes by another event;
 * NEUTRAL: a modifier on its own; OTHER: a shortcut, an arrow, anything a scanner does not send.
 */
export function strokeOf(key: Key): Stroke {
  if (ENDS.has(key.key) || ENDS.has(key.code)) return "END";
  if (isGroupSeparator(key)) return { character: GROUP_SEPARATOR };
  if (MODIFIERS.has(key.key)) return "NEUTRAL";
  const isText = !key.metaKey && key.ctrlKey === key.altKey; // AltGr arrives as Ctrl+Alt
  if (!isText) return "OTHER";
  return strokeOfText(key);
}

function isGroupSeparator(key: Key): boolean {
  if (key.key === GROUP_SEPARATOR || key.key === "F8") return true;
  return key.ctrlKey && !key.altKey && (key.key === "]" || key.code === "BracketRight");
}

function strokeOfText(key: Key): Stroke {
  const isSwallowed = key.isComposing || key.keyCode === 229 || key.key === "Process";
  const written = isSwallowed ? "" : narrow(key.key);
  if (isAscii(written)) return { character: written };
  const printed = characterOfCode(key.code, key.shiftKey);
  if (printed) return { character: printed };
  if ([...written].length === 1) return { character: written };
  return isSwallowed || key.key === "Unidentified" ? "UNSEEN" : "OTHER";
}

/** Turn full-width letters, digits and signs into the plain ones a scanner meant. */
export function narrow(text: string): string {
  return text.replace(/[\uff01-\uff5e\u3000]/g, (wide) =>
    wide === "\u3000" ? " " : String.fromCharCode(wide.charCodeAt(0) - 0xfee0),
  );
}

function isAscii(text: string): boolean {
  return text.length === 1 && text >= " " && text <= "~";
}

/** The character printed on a key of the US keyboard every scanner types on unless told otherwise. */
function characterOfCode(code: string, shifted: boolean): string | null {
  const letter = /^Key([A-Z])$/.exec(code)?.[1];
  if (letter) return shifted ? letter : letter.toLowerCase();
  const digit = /^(Digit|Numpad)([0-9])$/.exec(code);
  if (digit)
    return shifted && digit[1] === "Digit" ? (DIGITS_SHIFTED[Number(digit[2])] ?? null) : `${digit[2]}`;
  return SIGNS[code]?.[shifted ? 1 : 0] ?? null;
}
