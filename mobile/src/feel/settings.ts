// What a person chose about looks, sound and vibration. It belongs to the phone, not to the person.

import { effect, type Signal, signal } from "@preact/signals";

export type Theme = "auto" | "light" | "dark";

export const theme: Signal<Theme> = kept("pickmesh.theme", "auto", (text) =>
  text === "light" || text === "dark" ? text : "auto",
);
export const sounds: Signal<boolean> = kept("pickmesh.sounds", true, (text) => text !== "false");
export const vibration: Signal<boolean> = kept("pickmesh.vibration", true, (text) => text !== "false");

const asked = typeof matchMedia === "undefined" ? null : matchMedia("(prefers-color-scheme: dark)");
const isDarkAsked = signal(asked?.matches ?? false);
asked?.addEventListener("change", (event) => {
  isDarkAsked.value = event.matches;
});

effect(() => {
  const usual = isDarkAsked.value ? "dark" : "light";
  const worn = theme.value === "auto" ? usual : theme.value;
  if (typeof document !== "undefined") document.documentElement.dataset.theme = worn;
});

function kept<Value extends string | boolean>(
  name: string,
  usual: Value,
  read: (text: string) => Value,
): Signal<Value> {
  const text = stored(name);
  const setting = signal(text === null ? usual : read(text));
  setting.subscribe((value) => store(name, String(value)));
  return setting;
}

function stored(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

function store(name: string, text: string): void {
  try {
    localStorage.setItem(name, text);
  } catch {
    // A browser that keeps nothing still honours the choice until it is closed.
  }
}
