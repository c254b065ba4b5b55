import { describe, expect, it } from "vitest";
import { visiblePart } from "../src/capture/frames";
import { chosen, formatsFor, heardOf, isSameCode, type Reading } from "../src/capture/readings";
import { AWAY_MS, GONE_MS, Sight } from "../src/capture/sight";

const EAN = "6901234567892";

/** A barcode as the decoder tells it, lying flat at a place of the frame. */
function reading(text: string, given: Partial<Reading> & { width?: number; x?: number } = {}): Reading {
  const { width = 300, x = 100, ...more } = given;
  const corners = {
    topLeft: { x, y: 100 },
    topRight: { x: x + width, y: 100 },
    bottomLeft: { x, y: 180 },
    bottomRight: { x: x + width, y: 180 },
  };
  const bytes = new TextEncoder().encode(text);
  return { text, bytes, format: "EAN13", identifier: "]E0", corners, ...more };
}

describe("a trade number", () => {
  it("is believed when it is expected", () => {
    expect(heardOf(reading(EAN), [EAN])).toEqual({ raw: EAN, symbology: "]E0", source: "CAMERA" });
  });

  it("is doubtful when nobody expects it, whatever else is expected", () => {
    expect(heardOf(reading(EAN), [])?.doubtful).toBe(true);
    expect(heardOf(reading(EAN), ["B-A01-02-3-K", "6900000000005"])?.doubtful).toBe(true);
  });

  it("is ignored when its bars are finer than 1.5 pixels, where wrong numbers were read steadily", () => {
    expect(heardOf(reading(EAN, { width: 116 }), [])).toBeNull();
    expect(heardOf(reading(EAN, { width: 142 }), [])).toBeNull();
    expect(heardOf(reading(EAN, { width: 143 }), [])).not.toBeNull();
    expect(heardOf(reading("96385074", { format: "EAN8", width: 100 }), [])).toBeNull();
    expect(heardOf(reading("01234565", { format: "UPCE", width: 77 }), [])).not.toBeNull();
  });

  it("is taken however fine when it is the expected one", () => {
    expect(heardOf(reading(EAN, { width: 116 }), [EAN])?.doubtful).toBeUndefined();
  });

  it("is the same with and without leading zeros", () => {
    expect(isSameCode("012345678905", "0012345678905")).toBe(true);
    expect(heardOf(reading("012345678905", { format: "UPCA" }), ["0012345678905"])?.doubtful).toBeUndefined();
    expect(isSameCode("0123", "123")).toBe(false);
  });
});

describe("other codes", () => {
  it("are believed when their bars check themselves", () => {
    const label = reading("B-A01-02-3-K", { format: "Code128", identifier: "]C0", width: 90 });
    expect(heardOf(label, [])).toEqual({ raw: "B-A01-02-3-K", symbology: "]C0", source: "CAMERA" });
  });

  it("are doubtful as ITF, which has no check of its own", () => {
    expect(heardOf(reading("123456", { format: "ITF", identifier: "]I0" }), [])?.doubtful).toBe(true);
  });

  it("keep their bytes when these are no text", () => {
    const bytes = new Uint8Array([0xb0, 0xa1, 0x00, 0xff]);
    const heard = heardOf(reading("°¡", { format: "QRCode", identifier: "]Q1", bytes }), []);
    expect(heard?.rawBase64).toBe("sKEA/w==");
  });

  it("keep the separators of GS1", () => {
    const text = "010690123456789210LOT7\x1d17270101";
    expect(heardOf(reading(text, { format: "DataMatrix", identifier: "]d2" }), [])?.raw).toBe(text);
  });
});

describe("several codes in one frame", () => {
  const middle = { x: 640, y: 360 };

  it("mean the expected one, wherever it is", () => {
    const far = reading(EAN, { x: 0 });
    const near = reading("6900000000005", { x: 500 });
    expect(chosen([near, far], middle, [EAN])).toBe(far);
  });

  it("mean the one nearest to the middle when none is expected", () => {
    const far = reading(EAN, { x: 0 });
    const near = reading("6900000000005", { x: 500 });
    expect(chosen([far, near], middle, [])).toBe(near);
    expect(chosen([], middle, [])).toBeNull();
  });
});

describe("what is searched first", () => {
  it("are the formats of what is expected", () => {
    expect(formatsFor([EAN])).toEqual(["EAN13"]);
    expect(formatsFor(["B-A01-02-3-K"])).toEqual(["Code128", "QRCode", "DataMatrix"]);
    expect(formatsFor(["96385074", EAN])).toEqual(["EAN13", "EAN8", "UPCE"]);
  });

  it("is everything while nothing is known", () => {
    expect(formatsFor([])).toBeNull();
  });
});

describe("one look at a code", () => {
  it("is one scan while it stays in view, however long", () => {
    const sight = new Sight();
    const seen = Array.from({ length: 100 }, (_, frame) => sight.see("A", frame * 60));
    expect(seen.filter(Boolean)).toHaveLength(1);
  });

  it("goes on when a few frames are not read", () => {
    const sight = new Sight();
    expect([sight.see("A", 0), sight.see("A", GONE_MS - 1)]).toEqual([true, false]);
  });

  it("is over once the code was gone for a second", () => {
    const sight = new Sight();
    expect([sight.see("A", 0), sight.see("A", 500), sight.see("A", 500 + GONE_MS)]).toEqual([
      true,
      false,
      true,
    ]);
  });

  it("is over once another code was held up instead", () => {
    const sight = new Sight();
    expect([sight.see("A", 0), sight.see("B", 200), sight.see("A", AWAY_MS)]).toEqual([true, true, true]);
  });

  it("reports two codes that lie side by side once each, though frames tell now one, now the other", () => {
    const sight = new Sight();
    const seen = Array.from({ length: 60 }, (_, frame) => sight.see(frame % 2 ? "A" : "B", frame * 60));
    expect(seen.filter(Boolean)).toHaveLength(2);
  });

  it("begins anew when the person asks for it", () => {
    const sight = new Sight();
    sight.see("A", 0);
    sight.forget();
    expect(sight.see("A", 60)).toBe(true);
  });
});

describe("the part of a frame that is read", () => {
  it("is the part the view shows", () => {
    const part = visiblePart({ width: 1280, height: 720 }, { width: 400, height: 300 });
    expect(part).toEqual({ x: 160, y: 0, width: 960, height: 720 });
    const upright = visiblePart({ width: 720, height: 1280 }, { width: 400, height: 300 });
    expect(upright).toEqual({ x: 0, y: 370, width: 720, height: 540 });
  });

  it("is all of it while the view has no size", () => {
    const all = { x: 0, y: 0, width: 1280, height: 720 };
    expect(visiblePart({ width: 1280, height: 720 }, { width: 0, height: 0 })).toEqual(all);
  });
});
