import { describe, expect, it } from "vitest";
import { tapsCountOnce } from "../src/screens/taps";

/** What a finger may come down on, by the selectors it answers to. */
function thing(...selectors: string[]): EventTarget {
  const target = new EventTarget() as EventTarget & { closest: (asked: string) => unknown };
  target.closest = (asked) => (asked.split(", ").some((each) => selectors.includes(each)) ? target : null);
  return target;
}

/** Tap things one after the other; return which taps got through. */
function taps(...given: { on: EventTarget; at: number; x?: number; keyboard?: boolean }[]): boolean[] {
  const window = new EventTarget();
  const heard: Event[] = [];
  const stop = tapsCountOnce(window as unknown as Window);
  window.addEventListener("click", (event) => heard.push(event));
  const events = given.map(({ on, at, x = 100, keyboard = false }) => {
    const event = new Event("click", { cancelable: true });
    const fields = { target: on, timeStamp: at, clientX: x, clientY: 500, detail: keyboard ? 0 : 1 };
    for (const [name, value] of Object.entries(fields)) Object.defineProperty(event, name, { value });
    window.dispatchEvent(event);
    return event;
  });
  stop();
  return events.map((event) => heard.includes(event) && !event.defaultPrevented);
}

describe("the second tap of a double tap", () => {
  it("presses neither the same button nor the one that appeared under the finger", () => {
    const skip = thing("button");
    expect(taps({ on: skip, at: 0 }, { on: skip, at: 120 })).toEqual([true, false]);
    expect(taps({ on: thing("button"), at: 0 }, { on: thing("button"), at: 200, x: 120 })).toEqual([
      true,
      false,
    ]);
  });

  it("nor does a third", () => {
    const seal = thing("button");
    const three = [0, 200, 400].map((at) => ({ on: seal, at }));
    expect(taps(...three)).toEqual([true, false, false]);
  });

  it("is a tap of its own elsewhere, later, on keys and by keyboard", () => {
    const button = thing("button");
    const key = thing("button", ".keypad");
    expect(taps({ on: button, at: 0 }, { on: thing("button"), at: 120, x: 300 })).toEqual([true, true]);
    expect(taps({ on: button, at: 0 }, { on: button, at: 400 })).toEqual([true, true]);
    expect(taps({ on: key, at: 0 }, { on: key, at: 90 })).toEqual([true, true]);
    expect(taps({ on: button, at: 0 }, { on: button, at: 90, keyboard: true })).toEqual([true, true]);
  });
});
