import { signal } from "@preact/signals";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Feeling, Shown } from "../src/desk/model";
import { follow, PATIENCE_MS } from "../src/feel/follow";
import { SHAKES, TONES } from "../src/feel/patterns";

const FEELINGS: Feeling[] = ["KEPT", "GOOD", "DONE", "ASK", "WRONG"];

function rhythm(feeling: Feeling): string {
  return TONES[feeling].map((note) => `${note.at}+${note.length}`).join(" ");
}

describe("the tables", () => {
  it("tell every two feelings apart by rhythm alone, in sound and in vibration", () => {
    expect(new Set(FEELINGS.map(rhythm)).size).toBe(FEELINGS.length);
    expect(new Set(FEELINGS.map((feeling) => SHAKES[feeling].join())).size).toBe(FEELINGS.length);
  });

  it("make wrong long and low, and done two rising notes", () => {
    const lowest = Math.max(...TONES.WRONG.map((note) => note.pitch));
    const others = FEELINGS.filter((feeling) => feeling !== "WRONG").flatMap((feeling) => TONES[feeling]);
    expect(lowest).toBeLessThan(Math.min(...others.map((note) => note.pitch)) / 2);
    expect(Math.min(...TONES.WRONG.map((note) => note.length))).toBeGreaterThan(
      Math.max(...others.map((note) => note.length)),
    );
    const [first, second] = TONES.DONE;
    expect(second?.pitch).toBeGreaterThan(first?.pitch ?? Number.POSITIVE_INFINITY);
  });

  it("have no notes that overlap and every pause in vibration between two shakes", () => {
    for (const feeling of FEELINGS) {
      const notes = TONES[feeling];
      notes.slice(1).forEach((note, index) => {
        const before = notes[index];
        expect(note.at).toBeGreaterThan((before?.at ?? 0) + (before?.length ?? 0));
      });
      expect(SHAKES[feeling].length % 2).toBe(1);
    }
  });
});

describe("following what is shown", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  function entry(clientId: string, feeling: Feeling): Shown {
    const guess = { fits: "UNKNOWN" } as const;
    return { clientId, feeling, outcome: null, message: null, guess, about: "", choices: [] };
  }

  function followed() {
    const shown = signal<Shown | null>(null);
    const problems = signal<Shown[]>([]);
    const felt: Feeling[] = [];
    const stop = follow(shown, problems, (feeling) => felt.push(feeling));
    return { shown, problems, felt, stop };
  }

  it("sounds an entry that is booked at once only once", () => {
    const { shown, felt } = followed();
    shown.value = entry("a", "KEPT");
    vi.advanceTimersByTime(PATIENCE_MS - 1);
    shown.value = entry("a", "GOOD");
    vi.advanceTimersByTime(PATIENCE_MS * 2);
    expect(felt).toEqual(["GOOD"]);
  });

  it("ticks for an entry that is only kept, and again when it is booked", () => {
    const { shown, felt } = followed();
    shown.value = entry("a", "KEPT");
    vi.advanceTimersByTime(PATIENCE_MS + 1);
    expect(felt).toEqual(["KEPT"]);
    shown.value = entry("a", "DONE");
    shown.value = entry("a", "DONE");
    expect(felt).toEqual(["KEPT", "DONE"]);
  });

  it("sounds every error once, though it is both shown and waiting", () => {
    const { shown, problems, felt } = followed();
    const wrong = entry("a", "WRONG");
    shown.value = wrong;
    problems.value = [wrong];
    problems.value = [wrong, entry("b", "WRONG")];
    problems.value = [entry("b", "WRONG")];
    problems.value = [];
    expect(felt).toEqual(["WRONG", "WRONG"]);
  });

  it("is silent about what was there before", () => {
    const shown = signal<Shown | null>(entry("a", "GOOD"));
    const problems = signal<Shown[]>([entry("b", "WRONG")]);
    const felt: Feeling[] = [];
    follow(shown, problems, (feeling) => felt.push(feeling));
    shown.value = entry("c", "DONE");
    expect(felt).toEqual(["DONE"]);
  });

  it("is silent once stopped", () => {
    const { shown, felt, stop } = followed();
    shown.value = entry("a", "KEPT");
    stop();
    shown.value = entry("b", "GOOD");
    vi.advanceTimersByTime(PATIENCE_MS * 2);
    expect(felt).toEqual([]);
  });
});
