// The language of the screen: chosen once, kept on this phone, changed without loading anything.

import { effect, signal } from "@preact/signals";
import { en } from "./en";
import { zhCN } from "./zh-CN";

export type Language = "zh-CN" | "en";
export type Key = keyof typeof en;

type Name<Text extends string> = Text extends `${infer Word}|${string}` ? Word : Text;
type Names<Text extends string> = Text extends `${string}{${infer Inside}}${infer Rest}`
  ? Name<Inside> | Names<Rest>
  : never;
export type Words<Wanted extends Key> = { [Word in Names<(typeof en)[Wanted]>]: string | number };
type Arguments<Wanted extends Key> = Names<(typeof en)[Wanted]> extends never ? [] : [words: Words<Wanted>];

/** A sentence that takes no words. */
export type PlainKey = { [Each in Key]: Names<(typeof en)[Each]> extends never ? Each : never }[Key];

export const tables: Record<Language, Record<Key, string>> = { en, "zh-CN": zhCN };
const STORED = "pickmesh.language";

export const language = signal<Language>(firstLanguage());

effect(() => {
  if (typeof document !== "undefined") document.documentElement.lang = language.value;
});

/** Choose the language; it is remembered on this phone. */
export function chooseLanguage(chosen: Language): void {
  language.value = chosen;
  try {
    localStorage.setItem(STORED, chosen);
  } catch {
    // A browser that keeps nothing still shows the chosen language until it is closed.
  }
}

/** Say a sentence in the language of the screen; its words are checked by the compiler. */
export function t<Wanted extends Key>(key: Wanted, ...[words]: Arguments<Wanted>): string {
  return fill(tables[language.value][key], words ?? {});
}

/** Put words into a sentence: `{name}`, and `{n|one|many}` by number. */
export function fill(text: string, words: Record<string, string | number>): string {
  return text.replace(
    /\{(\w+)(?:\|([^|}]*)\|([^}]*))?\}/g,
    (_whole, name: string, one?: string, many?: string) => {
      const word = words[name] ?? "";
      if (one === undefined) return String(word);
      return (Number(word) === 1 ? one : many) ?? "";
    },
  );
}

/** The better of a Chinese and an English name for the language of the screen; the other one when it is empty. */
export function named(zh: string | null | undefined, en: string | null | undefined): string {
  const [first, second] = language.value === "zh-CN" ? [zh, en] : [en, zh];
  return first || second || "";
}

function firstLanguage(): Language {
  try {
    const stored = localStorage.getItem(STORED);
    if (stored === "zh-CN" || stored === "en") return stored;
  } catch {
    // Storage may be blocked; the browser's language decides then.
  }
  const asked = typeof navigator === "undefined" ? "" : navigator.language;
  return asked.toLowerCase().startsWith("zh") ? "zh-CN" : "en";
}
