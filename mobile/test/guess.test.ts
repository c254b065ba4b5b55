import { describe, expect, it } from "vitest";

import type { ScanKind, ScanPolicy } from "../src/api/generated";
import { checkCharacter, gtin14, isTradeSymbol, labelText, read, spellings } from "../src/desk/codes";
import { type Desk, guess, isAmong, standing } from "../src/desk/guess";
import type { KeptEntry, Walk } from "../src/desk/model";
import { changeOf } from "../src/desk/news";
import { booked, meets } from "../src/desk/walks";
import { line, nextOf, session, walk } from "./courier.shapes";

type Said = KeptEntry["said"];

/** A picker who follows what this phone says, with everything only kept. */
class Picker {
  readonly desk: Desk;
  constructor(told: Partial<Desk> = {}) {
    this.desk = { session: session(), walk: walk(), policy: "PLACE_AND_ITEM", pending: [], ...told };
  }

  do(kind: ScanKind, said: Said = {}): ReturnType<typeof guess> {
    const guessed = guess(this.desk, { kind, said });
    const count = this.desk.pending.length;
    const kept: KeptEntry = {
      clientId: `entry-${count}`,
      order: count,
      owner: "",
      sessionId: this.desk.session.id,
      sequence: count,
      recordedAt: "",
      kind,
      said,
      state: "KEPT",
      guess: guessed,
    };
    this.desk.pending = [...this.desk.pending, kept];
    return guessed;
  }

  scan(raw: string, more: Said = {}): string {
    const { fits, lineId, pieces } = this.do("SCAN", { raw, source: "WEDGE", ...more });
    return [fits, lineId, pieces].filter((each) => each !== undefined).join(" ");
  }

  get at(): string {
    const { step, line: ahead } = standing(this.desk);
    if (!ahead) return step;
    return `${step} ${ahead.id} ${ahead.quantity - ahead.pickedQuantity - ahead.shortQuantity}`;
  }
}

const ONE = "4006381333931";
const TWO = "96385074";
const AT_ITEM = session({ step: "ITEM" });

describe("codes", () => {
  it("writes and reads our labels as the server does", () => {
    expect(labelText("B", "A01-02-3")).toBe("B-A01-02-3-R");
    expect(labelText("T", "0017")).toBe("T-0017-G");
    expect(checkCharacter("BZ99")).toBe("Z");
    expect(read("b-a01-02-3-r").label).toEqual({ kind: "B", value: "A01-02-3", checked: true });
    expect(read("T-0017-G").keys[0]).toBe("T-0017");
    expect(read("T-0017").label).toEqual({ kind: "T", value: "T-0017", checked: false });
    expect(read("B-A01-02-3-X").label).toBeNull();
    expect(read("t17").label).toBeNull();
    expect(read("t17", true).label?.value).toBe("T-0017");
    expect(read("T-SHIRT-M").label).toBeNull();
  });

  it("compares trade numbers as fourteen digits, whatever their length", () => {
    expect(gtin14(ONE)).toBe("04006381333931");
    expect(gtin14(TWO)).toBe("00000096385074");
    expect(gtin14("036000291452")).toBe("00036000291452");
    expect(gtin14("4006381333932")).toBeNull();
    expect(gtin14("00000000")).toBeNull();
    expect(spellings("00036000291452")).toEqual(["00036000291452", "0036000291452", "036000291452"]);
    expect(spellings("SKU-1")).toEqual(["SKU-1"]);
    expect(isAmong(["04006381333931"], `]E0${ONE}`)).toBe(true);
    expect(isAmong([ONE], "4006381333948")).toBe(false);
  });

  it("finds number, lot and count in a GS1 text", () => {
    const scanned = read("]C1010400638133393110L7\u001d3712");
    expect(scanned).toMatchObject({ gtin: "04006381333931", lot: "L7", quantity: 12 });
    expect(read("0104006381333931").gtin).toBe("04006381333931");
    expect(read("01ABC").gtin).toBeNull();
  });

  it("knows which symbols a camera can take for one another", () => {
    for (const name of ["EAN13", "EAN-8", "UPCA", "UPC-E", "]E0"]) expect(isTradeSymbol(name)).toBe(true);
    for (const name of ["Code128", "]C1", "QRCode", undefined]) expect(isTradeSymbol(name)).toBe(false);
  });
});

describe("a walk without network", () => {
  it("goes from bin to item to bin until nothing is left", () => {
    const picker = new Picker();
    expect(picker.at).toBe("PLACE line-1 2");
    expect(picker.scan(ONE)).toBe("UNEXPECTED");
    expect(picker.scan(labelText("B", "A01-01-1"))).toBe("FITS line-1");
    expect(picker.at).toBe("ITEM line-1 2");
    expect(picker.scan(ONE)).toBe("FITS line-1 1");
    expect(picker.scan(TWO)).toBe("UNEXPECTED");
    expect(picker.scan(`0${ONE}`)).toBe("FITS line-1 1");
    expect(picker.at).toBe("PLACE line-2 3");
    expect(picker.scan("A01-01-1")).toBe("UNEXPECTED");
    expect(picker.scan("a01-02-1")).toBe("FITS line-2");
    expect(picker.do("QUANTITY", { quantity: 3 })).toEqual({ fits: "FITS", lineId: "line-2", pieces: 3 });
    expect(picker.at).toBe("DONE");
    expect(picker.scan(TWO)).toBe("UNEXPECTED");
  });

  it("starts from what the server said last, not from the older walk", () => {
    const picker = new Picker({
      session: session({ step: "ITEM", next: { ...nextOf(line({})), remaining: 1 } }),
    });
    expect(picker.at).toBe("ITEM line-1 1");
    expect(picker.scan(ONE)).toBe("FITS line-1 1");
    expect(picker.at).toBe("PLACE line-2 3");
  });

  it("takes packs for their pieces, and no more than is wanted", () => {
    const barcodes = [
      { code: ONE, unitQuantity: 1 },
      { code: TWO, unitQuantity: 6 },
    ];
    const lines = [line({ quantity: 7, barcodes })];
    const picker = new Picker({
      session: session({ step: "ITEM", next: nextOf(line({ quantity: 7, barcodes })) }),
      walk: walk(lines),
    });
    expect(picker.scan(TWO)).toBe("FITS line-1 6");
    expect(picker.scan(TWO)).toBe("UNEXPECTED");
    expect(picker.scan(ONE)).toBe("FITS line-1 1");
    expect(picker.at).toBe("DONE");
  });

  it("lets a bin come out of turn, and a line be skipped until the others are done", () => {
    const picker = new Picker();
    expect(picker.do("SKIP")).toMatchObject({ fits: "FITS", lineId: "line-1" });
    expect(picker.at).toBe("PLACE line-2 3");
    expect(picker.scan("A01-01-1")).toBe("FITS line-1");
    expect(picker.at).toBe("ITEM line-1 2");
    expect(picker.do("SHORT")).toMatchObject({ fits: "FITS", lineId: "line-1" });
    expect(picker.at).toBe("PLACE line-2 3");
  });

  it("takes back what it only kept, and knows nothing of what is booked", () => {
    const picker = new Picker({ session: AT_ITEM });
    expect(picker.do("UNDO").fits).toBe("UNKNOWN");
    picker.scan(ONE);
    picker.scan(ONE);
    expect(picker.at).toBe("PLACE line-2 3");
    expect(picker.do("UNDO")).toMatchObject({ fits: "FITS", lineId: "line-1" });
    expect(picker.at).toBe("PLACE line-1 1"); // the server, too, sends the picker back to the bin's label
  });

  it("counts nothing that was read with doubt", () => {
    const picker = new Picker({ session: AT_ITEM });
    expect(picker.scan(ONE, { doubtful: true })).toBe("UNKNOWN line-1");
    expect(picker.at).toBe("ITEM line-1 2");
  });

  it("leaves lots to the server unless the code names one", () => {
    const lines = [line({ lot: "L7" }), line({ id: "line-2", sequence: 2, lot: "L8" })];
    const desk = { session: session({ step: "ITEM", next: nextOf(line({ lot: "L7" })) }), walk: walk(lines) };
    expect(new Picker(desk).scan(ONE)).toBe("UNKNOWN line-1 1");
    expect(new Picker(desk).scan(`]C101${gtin14(ONE)}10L8`)).toBe("FITS line-2 1");
    expect(new Picker(desk).scan(`]C101${gtin14(ONE)}10L9`)).toBe("UNKNOWN line-1 1");
  });

  const policies: [ScanPolicy, string, string, string][] = [
    ["PLACE_AND_ITEM", "PLACE line-1 2", "UNEXPECTED", "FITS"],
    ["PLACE", "PLACE line-1 2", "UNEXPECTED", "FITS"],
    ["EVERY_UNIT", "PLACE line-1 2", "UNEXPECTED", "UNEXPECTED"],
    ["ITEM", "ITEM line-1 2", "FITS line-1 1", "FITS"],
  ];
  for (const [policy, at, first, keyed] of policies) {
    it(`follows the warehouse's policy ${policy}`, () => {
      const start = session({ step: policy === "ITEM" ? "ITEM" : "PLACE" });
      const picker = new Picker({ policy, session: start });
      expect(picker.at).toBe(at);
      expect(picker.scan(ONE)).toBe(first);
      if (policy !== "ITEM") picker.scan("A01-01-1");
      expect(picker.do("QUANTITY", { quantity: 2 }).fits).toBe(keyed);
    });
  }

  it("asks for a tote first, and for each order's tote in a cluster", () => {
    const alone = new Picker({ session: session({ step: "TOTE", next: null }) });
    expect(alone.scan("A01-01-1")).toBe("UNEXPECTED");
    expect(alone.scan("T-0002")).toBe("FITS");
    expect(alone.at).toBe("PLACE line-1 2");
    const next = nextOf(line({}), "T-0001");
    const cluster = new Picker({
      session: session({ step: "ITEM", next }),
      walk: walk(undefined, "CLUSTER"),
    });
    expect(cluster.scan(ONE)).toBe("FITS line-1 1");
    expect(cluster.at).toBe("PUT line-1 2");
    expect(standing(cluster.desk).expected).toEqual(["T-0001", labelText("T", "0001")]);
    expect(cluster.scan("T-0009")).toBe("UNEXPECTED");
    expect(cluster.scan(labelText("T", "0001"))).toBe("FITS line-1 1");
    expect(cluster.at).toBe("ITEM line-1 1");
    expect(cluster.scan(ONE)).toBe("FITS line-1 1");
    expect(cluster.scan("T-0009")).toBe("UNKNOWN line-1 1"); // whose tote is next, only the server knows
  });

  it("expects what lies here, as it stands on labels and as scanners send it", () => {
    expect(standing(new Picker().desk).expected).toEqual([labelText("B", "A01-01-1"), "A01-01-1"]);
    expect(standing(new Picker({ session: AT_ITEM }).desk).expected).toEqual([
      "04006381333931",
      ONE,
      "SKU-1",
    ]);
  });
});

describe("a bench", () => {
  const sku = line({}).sku;
  const packing = session({ job: "PACK", step: "ITEMS", lease: null, next: nextOf(line({})) });

  it("expects the next goods, or all of the order when they are known", () => {
    const blind = new Picker({ session: packing, walk: null });
    expect(standing(blind.desk).expected).toEqual(["04006381333931", ONE, "SKU-1"]);
    expect(blind.scan(ONE)).toBe("FITS 1");
    expect(blind.scan(ONE)).toBe("FITS 1");
    expect(blind.scan(ONE)).toBe("UNEXPECTED");
    expect(blind.scan(TWO)).toBe("UNKNOWN");
    const pack = [{ quantity: 1, packedQuantity: 0, sku }];
    const knowing = new Picker({ session: packing, walk: null, pack });
    expect(knowing.scan(TWO)).toBe("UNEXPECTED");
    expect(standing(knowing.desk)).toMatchObject({ step: "ITEMS", line: null });
  });

  it("opens with a tote, an order or a parcel, and leaves pieces to the server", () => {
    const open = new Picker({ session: { ...packing, step: "OPEN", next: null }, walk: null });
    expect(open.scan("T-0001")).toBe("FITS");
    expect(open.scan("O-0017")).toBe("FITS");
    expect(open.scan(ONE)).toBe("UNKNOWN");
  });

  it("puts back the next goods into the bins they came from", () => {
    const back = session({
      job: "PUT_BACK",
      step: "PLACE",
      lease: null,
      next: { ...nextOf(line({})), placeCode: "A01-01-1 or A01-02-1" },
    });
    const expected = standing(new Picker({ session: back, walk: null }).desk).expected;
    expect(expected).toEqual(["A01-01-1", "A01-02-1"].flatMap((code) => [labelText("B", code), code]));
  });
});

describe("the walk beside the session", () => {
  const answered = (outcome: string, repeated = false) =>
    ({ guess: { fits: "FITS", lineId: "line-1", pieces: 2 }, verdict: { outcome, repeated } }) as KeptEntry;

  it("counts what the server booked, once", () => {
    const after = booked(walk(), [answered("LINE_DONE"), answered("TOO_MANY"), answered("ACCEPTED", true)]);
    expect(after.lines.map(({ pickedQuantity }) => pickedQuantity)).toEqual([2, 0]);
    expect(meets(walk(), session())).toBe(true);
    expect(meets(after, session())).toBe(false);
    const second = after.lines[1];
    if (!second) throw new Error("There is no second line.");
    expect(meets(after, session({ progress: { done: 2, total: 5 }, next: nextOf(second) }))).toBe(true);
  });

  it("tells what somebody else changed", () => {
    const before = walk();
    const change = (told: Partial<Walk>) => changeOf(before, { ...before, ...told }, "worker-1");
    expect(change({})).toBeNull();
    expect(change({ worker: { id: "worker-2", name: "Ben" } })).toContain("Ben");
    expect(change({ worker: null })).toContain("L-0001");
    expect(change({ worker: null, status: "DONE" })).toBeNull();
    expect(change({ status: "CANCELLED" })).toContain("L-0001");
    const [one, two] = before.lines;
    if (!one || !two) throw new Error("There are no lines.");
    expect(change({ lines: [{ ...one, status: "CANCELLED" }, two] })).toContain("SKU-1");
    expect(change({ lines: [one, { ...two, quantity: 1 }] })).toContain("SKU-2");
    expect(change({ lines: [one, two, line({ id: "line-3" })] })).toContain("L-0001");
    expect(change({ lines: [{ ...one, pickedQuantity: 2, status: "DONE" }, two] })).toBeNull();
  });
});
