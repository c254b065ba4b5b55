// A scanner that types: heard everywhere, all the time, whatever has the focus and whatever input method is on.

import type { Heard } from "../desk/model";
import { Burst, LENGTH_WITHOUT_END_MIN, SILENCE_MS } from "./burst";
import { type Before, isList, isPrivate, remember, restore, textFieldOf } from "./fields";
import { GROUP_SEPARATOR, narrow, strokeOf } from "./keys";

/** CR and LF, or an end sign after a silence that already ended the code: not a person's Enter. */
const SECOND_END_MS = 150;
/** So long after a scan an input method may still write what it was composing. */
const COMPOSED_LATE_MS = 250;
/** A timer that comes this late waited for a busy page; keys may be waiting too. */
const LATE_MS = 20;
/** Keys that came late say how late the next may come: so many times as late. */
const LATER = 3;
const LATENESS_MS_MAX = 1000;

/**
 * Call `hear` with every code a scanner types, inserts or pastes; returns what ends the listening.
 *
 * A person's typing is left alone. What a scanner types into a text field is taken out of it again. Passwords
 * and fields with data-wedge="off" are never listened to.
 */
export function listenToWedge(target: Window, hear: (heard: Heard) => void): () => void {
  const ear = new Ear(hear);
  const events = {
    keydown: (event: KeyboardEvent) => ear.keydown(event),
    keyup: (event: KeyboardEvent) => ear.keyup(event),
    beforeinput: (event: InputEvent) => ear.beforeinput(event),
    compositionend: () => ear.composed(true),
    input: () => ear.composed(),
    paste: (event: ClipboardEvent) => ear.paste(event),
  };
  for (const [name, listener] of Object.entries(events)) {
    target.addEventListener(name, listener as EventListener, { capture: true });
  }
  return () => {
    ear.stop();
    for (const [name, listener] of Object.entries(events)) {
      target.removeEventListener(name, listener as EventListener, { capture: true });
    }
  };
}

/**
 * Keys are judged by when they were pressed, which each event carries, never by when a timer ran: a busy phone delivers
 * late, in pieces. A timer only tells what a scanner without an end sign typed, and drops nothing.
 */
class Ear {
  private burst = new Burst();
  private before: Before | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private scannedAt = Number.NEGATIVE_INFINITY;
  /** Nothing came for a while. */
  private isQuiet = true;
  /** When a key was pressed that an input method swallowed; its text comes by `beforeinput`. */
  private textAwaitedAt: number | null = null;
  private composition = "";
  private repair: { before: Before; until: number } | null = null;

  constructor(private readonly hear: (heard: Heard) => void) {}

  stop(): void {
    clearTimeout(this.timer);
  }

  keydown(event: KeyboardEvent): void {
    const field = textFieldOf(event);
    if (field && isPrivate(field)) {
      this.forget();
      return;
    }
    const stroke = event.repeat ? "OTHER" : strokeOf(event); // a key held down is as fast as a scanner
    this.textAwaitedAt = stroke === "UNSEEN" ? event.timeStamp : null;
    if (stroke === "OTHER") this.forget();
    else if (stroke === "END") this.end(event);
    else if (typeof stroke === "object") this.character(stroke.character, event.timeStamp, event);
  }

  /** A space inside a code must not press the button that has the focus; buttons press when it is let go. */
  keyup(event: KeyboardEvent): void {
    if (event.key === " " && this.burst.isFast(2) && !textFieldOf(event)) event.preventDefault();
  }

  beforeinput(event: InputEvent): void {
    const field = textFieldOf(event);
    const added = this.added(event);
    if (!field || isPrivate(field)) return;
    const at = this.textAwaitedAt;
    if (added.length === 1 && at !== null) this.character(narrow(added), at, event);
    const areKeysHeard = !this.isQuiet && at === null;
    const isWhole = event.inputType === "insertText" && added.length >= LENGTH_WITHOUT_END_MIN;
    if (isWhole && !areKeysHeard) this.wholeText(added, field, event);
  }

  /** An input method wrote late what it was composing while a scanner typed. */
  composed(isOver = false): void {
    if (isOver) this.composition = "";
    if (this.repair && performance.now() <= this.repair.until) restore(this.repair.before);
  }

  paste(event: ClipboardEvent): void {
    if (textFieldOf(event)) return;
    const text = event.clipboardData?.getData("text/plain").trim();
    if (!text) return;
    event.preventDefault();
    this.hear({ raw: narrow(text), source: "WEDGE" });
  }

  /** What an input event adds; a composition tells all of its text each time, and may begin with an old word. */
  private added(event: InputEvent): string {
    const data = event.data ?? "";
    const before = this.composition;
    this.composition = event.inputType === "insertCompositionText" ? data : "";
    if (event.inputType === "insertText") return data;
    return this.composition && data.startsWith(before) ? data.slice(before.length) : "";
  }

  /** A text that came at once: a scanner's when it looks like a code, else a word a person chose. */
  private wholeText(data: string, field: Before["field"], event: InputEvent): void {
    const text = narrow(data).trim();
    this.forget();
    if (!looksLikeCode(text)) return;
    this.before = remember(field);
    event.preventDefault();
    this.finish(text, event.timeStamp);
  }

  private character(character: string, at: number, event: Event): void {
    const field = textFieldOf(event);
    if (this.burst.length > 0 && !this.burst.continuesAt(at)) this.finish(this.burst.silence(), at);
    if (this.burst.length === 0) this.before = field && remember(field);
    this.burst.hear(character, at);
    this.isQuiet = false;
    // A code has no business with buttons, find bars and lists.
    const isInCode = this.burst.isFast(2);
    if (isList(event) || (isInCode && (!field || character < " "))) event.preventDefault();
    const lateness = Math.min(Math.max(performance.now() - at, 0), LATENESS_MS_MAX);
    this.wait(this.burst.patienceMs + lateness * LATER);
  }

  private end(event: KeyboardEvent): void {
    const code = this.burst.end(event.timeStamp);
    clearTimeout(this.timer);
    this.isQuiet = true;
    const isSecondEnd = event.timeStamp - this.scannedAt < SECOND_END_MS;
    if (code === null && !isSecondEnd) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (code !== null) this.finish(code, event.timeStamp, event.isComposing || event.keyCode === 229);
  }

  private wait(milliseconds: number): void {
    clearTimeout(this.timer);
    const due = performance.now() + milliseconds;
    this.timer = setTimeout(() => {
      if (performance.now() - due > LATE_MS) this.wait(SILENCE_MS);
      else this.pause();
    }, milliseconds);
  }

  private pause(): void {
    this.isQuiet = true;
    const code = this.burst.pause();
    if (code !== null) this.tell(code, performance.now(), this.before, this.composition !== "");
  }

  private finish(code: string | null, at: number, isComposing = this.composition !== ""): void {
    const before = this.before;
    this.forget();
    if (code !== null) this.tell(code, at, before, isComposing);
  }

  private tell(code: string, at: number, before: Before | null, isComposing: boolean): void {
    this.scannedAt = at;
    if (before) {
      restore(before);
      this.repair = isComposing ? { before, until: performance.now() + COMPOSED_LATE_MS } : null;
    }
    this.hear({ raw: code, source: "WEDGE" });
  }

  private forget(): void {
    clearTimeout(this.timer);
    this.burst.forget();
    this.before = null;
    this.isQuiet = true;
    this.composition = "";
  }
}

/** Plain characters with a digit among them and at most one space: no word a keyboard would suggest. */
function looksLikeCode(text: string): boolean {
  const isPlain = /^[ -~]+$/.test(text.replaceAll(GROUP_SEPARATOR, ""));
  return isPlain && /[0-9]/.test(text) && text.split(" ").length <= 2;
}
