import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { listenToWedge } from "../src/capture/wedge";
import type { Heard } from "../src/desk/model";

const CODE = "6901234567892";

/** A page's event stream: a window that hears, a field or button that has the focus, and a clock of its own. */
class Page {
  readonly window = new EventTarget();
  readonly heard: Heard[] = [];
  readonly prevented: string[] = [];
  readonly stop: () => void;
  focus: Record<string, unknown> | null = null;

  constructor() {
    this.stop = listenToWedge(this.window as unknown as Window, (heard) => this.heard.push(heard));
  }

  get raws(): string[] {
    return this.heard.map((heard) => heard.raw);
  }

  send(type: string, given: Record<string, unknown>): Event {
    const event = new Event(type, { cancelable: true });
    const fields = { target: this.focus, timeStamp: performance.now(), isComposing: false, repeat: false };
    for (const [name, value] of Object.entries({ ...fields, ...given })) {
      Object.defineProperty(event, name, { value });
    }
    this.window.dispatchEvent(event);
    if (event.defaultPrevented) this.prevented.push(String(given.key ?? given.data ?? type));
    return event;
  }

  key(key: string, given: Record<string, unknown> = {}): Event {
    const event = this.send("keydown", { key, code: "", keyCode: 0, ...modifiers, ...given });
    const field = this.focus as { value?: string } | null;
    if (!event.defaultPrevented && field?.value !== undefined && key.length === 1) field.value += key;
    return event;
  }

  type(text: string, gapMs: number): void {
    for (const character of text) {
      this.key(character);
      vi.advanceTimersByTime(gapMs);
    }
  }

  /** Bring keys now that were pressed one after the other from a moment on; returns when the last one was. */
  bring(keys: readonly string[], pressedAt: number, gapMs = 5): number {
    let timeStamp = pressedAt;
    for (const key of keys) {
      this.key(key, { timeStamp });
      timeStamp += gapMs;
    }
    return timeStamp - gapMs;
  }
}

const modifiers = { shiftKey: false, ctrlKey: false, altKey: false, metaKey: false };

type Field = Record<string, unknown> & { value: string; told: number };

function textField(given: Record<string, unknown> = {}): Field {
  return {
    tagName: "INPUT",
    type: "text",
    value: "",
    selectionStart: 0,
    selectionEnd: 0,
    told: 0,
    dataset: {},
    setSelectionRange() {},
    dispatchEvent(this: Field) {
      this.told += 1;
    },
    ...given,
  };
}

let page: Page;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  page = new Page();
});

afterEach(() => {
  page.stop();
  vi.useRealTimers();
});

describe("a scanner that types", () => {
  it("is heard when it types fast and ends with Enter, and the Enter reaches nothing else", () => {
    page.type(CODE, 8);
    page.key("Enter");
    expect(page.heard).toEqual([{ raw: CODE, source: "WEDGE" }]);
    expect(page.prevented).toContain("Enter");
  });

  it("is heard with Tab as its end, and CR LF is one end", () => {
    page.type("B-A01-02-3-K", 10);
    page.key("Tab");
    vi.advanceTimersByTime(5);
    page.key("Enter");
    expect(page.raws).toEqual(["B-A01-02-3-K"]);
    expect(page.prevented).toEqual(expect.arrayContaining(["Tab", "Enter"]));
  });

  it("is heard without an end sign once a second is silent, and from then on once 150 ms are", () => {
    page.type(CODE, 12);
    vi.advanceTimersByTime(980);
    expect(page.heard).toEqual([]);
    vi.advanceTimersByTime(10);
    expect(page.raws).toEqual([CODE]);
    page.type("B-A01-02-3-K", 12);
    vi.advanceTimersByTime(130);
    expect(page.raws).toEqual([CODE]);
    vi.advanceTimersByTime(10);
    expect(page.raws).toEqual([CODE, "B-A01-02-3-K"]);
  });

  it("is heard without an end sign when the next code comes at once", () => {
    page.type(CODE, 8);
    vi.advanceTimersByTime(400);
    page.type("T-0001-C", 8);
    vi.advanceTimersByTime(150);
    expect(page.raws).toEqual([CODE, "T-0001-C"]);
  });

  it("is not heard without an end sign when the code is too short to be sure", () => {
    page.type("A0112", 10);
    vi.advanceTimersByTime(5000);
    expect(page.heard).toEqual([]);
  });

  it("is heard twice when two codes follow each other", () => {
    page.type("T-0001-C", 6);
    page.key("Enter");
    vi.advanceTimersByTime(20);
    page.type("T-0002-A", 6);
    page.key("Enter");
    expect(page.raws).toEqual(["T-0001-C", "T-0002-A"]);
  });

  it("has no code cut in two by a hiccup once it was heard to end its codes itself", () => {
    page.type(CODE, 8);
    page.key("Enter");
    vi.advanceTimersByTime(400);
    page.type("69012345", 8);
    vi.advanceTimersByTime(180);
    page.type("67892", 8);
    page.key("Enter");
    expect(page.raws).toEqual([CODE, CODE]);
  });

  it("has no code cut in two by a busy phone, even the very first one", () => {
    page.type("69012345", 8);
    vi.advanceTimersByTime(120);
    page.type("67892", 8);
    page.key("Enter");
    expect(page.raws).toEqual([CODE]);
  });

  it("keeps capitals, and Shift on its own is no character", () => {
    for (const letter of "ABC") {
      page.key("Shift", { shiftKey: true });
      page.key(letter, { shiftKey: true, code: `Key${letter}` });
      vi.advanceTimersByTime(9);
    }
    page.key("Enter");
    expect(page.raws).toEqual(["ABC"]);
  });

  it("sends GS as Ctrl+] or F8", () => {
    page.type("0106901234567892", 5);
    page.key("]", { ctrlKey: true, code: "BracketRight" });
    page.type("10LOT7", 5);
    page.key("F8", { code: "F8" });
    page.type("17270101", 5);
    page.key("Enter");
    expect(page.raws).toEqual(["0106901234567892\x1d10LOT7\x1d17270101"]);
    expect(page.prevented).toContain("F8");
  });

  it("presses no button that has the focus with a space inside a code", () => {
    page.focus = { tagName: "BUTTON" };
    page.type("SKU 12", 7);
    expect(page.prevented).toContain(" ");
  });
});

describe("a phone that brings keys later than they were pressed", () => {
  it.each([1, 2, 3, 5, 7, 12])("cuts no code in two where it halts after %d keys", (heardFirst) => {
    const keys = [...CODE, "Enter"];
    const last = page.bring(keys.slice(0, heardFirst), performance.now());
    vi.advanceTimersByTime(700);
    page.bring(keys.slice(heardFirst), last + 5);
    expect(page.raws).toEqual([CODE]);
    expect(page.prevented).toContain("Enter");
  });

  it("cuts none in two where it halts for seconds, once the scanner was heard to end its codes", () => {
    page.type("T-0001-C", 8);
    page.key("Enter");
    vi.advanceTimersByTime(400);
    const last = page.bring([..."69012345"], performance.now());
    vi.advanceTimersByTime(4500);
    page.bring([..."67892", "Enter"], last + 5);
    expect(page.raws).toEqual(["T-0001-C", CODE]);
  });

  it("cuts none in two when every key halts", () => {
    page.focus = { tagName: "BUTTON" };
    const pressedAt = performance.now();
    [...CODE, "Enter"].forEach((key, index) => {
      page.key(key, { timeStamp: pressedAt + index * 5 });
      vi.advanceTimersByTime(400);
    });
    expect(page.raws).toEqual([CODE]);
    expect(page.prevented).toContain("Enter");
  });

  it("brings the rest of a code later than anybody waits, and the whole code is heard after its beginning", () => {
    const field = textField({ value: "blue" });
    page.focus = field;
    const last = page.bring([..."69012345"], performance.now());
    vi.advanceTimersByTime(3000);
    page.bring([..."67892", "Enter"], last + 5);
    expect(page.raws).toEqual(["69012345", CODE]);
    expect(field.value).toBe("blue");
  });

  it("brings the Enter later than anybody waits: it presses nothing and the code is heard once", () => {
    page.focus = { tagName: "BUTTON" };
    const last = page.bring([...CODE], performance.now());
    vi.advanceTimersByTime(3000);
    const enter = page.key("Enter", { timeStamp: last + 5 });
    expect(page.raws).toEqual([CODE]);
    expect(enter.defaultPrevented).toBe(true);
  });

  it("waits longer where keys come late, even for a scanner that sends no end", () => {
    page.type(CODE, 8);
    vi.advanceTimersByTime(2000);
    const last = page.bring([..."69012345"], performance.now() - 100);
    vi.advanceTimersByTime(250);
    expect(page.raws).toEqual([CODE]);
    page.bring([..."67892"], last + 5);
    vi.advanceTimersByTime(1500);
    expect(page.raws).toEqual([CODE, CODE]);
  });

  it("takes no timer that comes late itself for a silence", () => {
    page.type(CODE, 8);
    vi.advanceTimersByTime(2000);
    const last = page.bring([..."69012345"], performance.now());
    const punctual = performance.now.bind(performance);
    const standing = vi.spyOn(performance, "now").mockImplementation(() => punctual() + 500);
    vi.advanceTimersByTime(160);
    expect(page.raws).toEqual([CODE]);
    page.bring([..."67892", "Enter"], last + 5);
    standing.mockRestore();
    expect(page.raws).toEqual([CODE, CODE]);
  });

  it("does not take keys that were pressed apart for one burst because they come together", () => {
    page.bring([...CODE, "Enter"], performance.now() - 1300, 100);
    vi.advanceTimersByTime(5000);
    expect(page.heard).toEqual([]);
    expect(page.prevented).toEqual([]);
  });

  it("brings what an input method wrote late: the key's own time counts", () => {
    page.focus = textField();
    const pressedAt = performance.now();
    [...CODE].forEach((character, index) => {
      page.key("Unidentified", { keyCode: 229, timeStamp: pressedAt + index * 5 });
      page.send("beforeinput", { inputType: "insertText", data: character });
      vi.advanceTimersByTime(80);
    });
    page.key("Enter", { timeStamp: pressedAt + CODE.length * 5 });
    expect(page.raws).toEqual([CODE]);
  });

  it("is still told a whole text that an input method inserts long after some keys", () => {
    page.focus = textField();
    page.type("12", 90);
    page.key("Enter");
    vi.advanceTimersByTime(500);
    page.key("3");
    vi.advanceTimersByTime(500);
    page.send("beforeinput", { inputType: "insertText", data: CODE });
    expect(page.raws).toEqual([CODE]);
  });
});

describe("a person", () => {
  it("types without being taken for a scanner", () => {
    page.type(CODE, 90);
    page.key("Enter");
    vi.advanceTimersByTime(500);
    expect(page.heard).toEqual([]);
    expect(page.prevented).toEqual([]);
  });

  it("types in a field, and all of it stays there", () => {
    const field = textField();
    page.focus = field;
    page.type("A01-02-3", 110);
    page.key("Enter");
    expect(field.value).toBe("A01-02-3");
    expect(page.heard).toEqual([]);
  });

  it("holds a key down, which repeats as fast as a scanner types", () => {
    for (let press = 0; press < 12; press += 1) {
      page.key("1", { repeat: press > 0 });
      vi.advanceTimersByTime(30);
    }
    page.key("Enter");
    expect(page.heard).toEqual([]);
  });

  it("presses a shortcut in the middle of nothing", () => {
    page.type("69012", 5);
    page.key("r", { ctrlKey: true, code: "KeyR" });
    page.type("34567", 5);
    vi.advanceTimersByTime(200);
    expect(page.heard).toEqual([]);
  });

  it("types just before a scanner does, and the two are told apart", () => {
    page.type("12", 150);
    page.type(CODE, 8);
    page.key("Enter");
    expect(page.raws).toEqual([CODE]);
  });
});

describe("a scanner that types into a text field", () => {
  it("is heard, and the field is as it was and the page knows", () => {
    const field = textField({ value: "blue" });
    page.focus = field;
    page.type(CODE, 8);
    expect(field.value).toBe(`blue${CODE}`);
    page.key("Enter");
    expect(page.raws).toEqual([CODE]);
    expect(field.value).toBe("blue");
    expect(field.told).toBe(1);
  });

  it("is never listened to in a password, nor where the page forbids it", () => {
    for (const field of [textField({ type: "password" }), textField({ dataset: { wedge: "off" } })]) {
      page.focus = field;
      page.type("secret-1234", 5);
      page.key("Enter");
      vi.advanceTimersByTime(500);
      expect(field.value).toBe("secret-1234");
    }
    expect(page.heard).toEqual([]);
  });
});

describe("under an input method", () => {
  function composed(text: string, gapMs: number): void {
    for (const character of text) {
      const letterOrDash = character === "-" ? "Minus" : `Key${character.toUpperCase()}`;
      const code = /[0-9]/.test(character) ? `Digit${character}` : letterOrDash;
      const shiftKey = character !== character.toLowerCase();
      page.key("Process", { keyCode: 229, code, shiftKey, isComposing: true });
      vi.advanceTimersByTime(gapMs);
    }
  }

  it("is read from the keys themselves, capitals by Shift", () => {
    composed("T-0001-C", 9);
    page.key("Enter", { keyCode: 229, code: "Enter", isComposing: true });
    expect(page.raws).toEqual(["T-0001-C"]);
  });

  it("leaves nothing of it in the field, however late the method writes", () => {
    const field = textField();
    page.focus = field;
    composed("T-0001-C", 9);
    page.send("beforeinput", { inputType: "insertCompositionText", data: "t'0001'c" });
    field.value = "t'0001'c";
    page.key("Process", { keyCode: 229, code: "Enter", isComposing: true });
    expect(field.value).toBe("");
    field.value = "T-0001-C";
    page.send("compositionend", { data: "T-0001-C" });
    expect(page.raws).toEqual(["T-0001-C"]);
    expect(field.value).toBe("");
  });

  it("turns full-width characters into the plain ones", () => {
    page.type("６９０１２３４－Ａ", 7);
    page.key("Enter");
    expect(page.raws).toEqual(["6901234-A"]);
  });

  it("reads a Chinese dash from its key", () => {
    page.type("A01", 7);
    page.key("——", { code: "Minus" });
    page.type("02", 7);
    page.key("Enter");
    expect(page.raws).toEqual(["A01-02"]);
  });

  it("lets a person compose words in peace", () => {
    const field = textField();
    page.focus = field;
    composed("nihao", 120);
    page.send("beforeinput", { inputType: "insertText", data: "你好你好你好" });
    vi.advanceTimersByTime(500);
    expect(page.heard).toEqual([]);
    expect(page.prevented).toEqual([]);
  });
});

describe("an Android scanner", () => {
  it("inserts the whole code at once and it does not enter the field; its Enter is part of it", () => {
    page.focus = textField();
    page.key("Unidentified", { keyCode: 229 });
    page.send("beforeinput", { inputType: "insertText", data: CODE });
    page.key("Enter");
    expect(page.raws).toEqual([CODE]);
    expect(page.prevented).toEqual([CODE, "Enter"]);
  });

  it("inserts it character by character through the input method", () => {
    page.focus = textField();
    for (const character of CODE) {
      page.key("Unidentified", { keyCode: 229 });
      page.send("beforeinput", { inputType: "insertText", data: character });
      vi.advanceTimersByTime(4);
    }
    vi.advanceTimersByTime(1000);
    expect(page.raws).toEqual([CODE]);
  });

  it("is told from a word the keyboard suggests and from one a person goes on composing", () => {
    page.focus = textField();
    page.send("beforeinput", { inputType: "insertText", data: "warehouse " });
    page.key("Unidentified", { keyCode: 229 });
    page.send("beforeinput", { inputType: "insertCompositionText", data: "A01-02-3" });
    vi.advanceTimersByTime(500);
    expect(page.heard).toEqual([]);
    expect(page.prevented).toEqual([]);
  });

  it("pastes where no field has the focus; a person pastes into a field", () => {
    const clipboardData = { getData: () => `${CODE}\r\n` };
    page.send("paste", { clipboardData });
    page.focus = textField();
    page.send("paste", { clipboardData });
    expect(page.raws).toEqual([CODE]);
  });
});

it("nothing is heard any more once the listening was ended", () => {
  page.type("690123", 5);
  page.stop();
  page.type("4567892", 5);
  page.key("Enter");
  vi.advanceTimersByTime(500);
  expect(page.heard).toEqual([]);
});
