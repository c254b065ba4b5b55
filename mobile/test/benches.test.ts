import { describe, expect, it } from "vitest";

import type { JobsQuery } from "../src/api/generated";
import { labelText } from "../src/desk/codes";
import { type Desk, guess, standing } from "../src/desk/guess";
import { takesAnyGoods } from "../src/desk/guess-benches";
import type { KeptEntry, Light, Session, Verdict, WallSlot } from "../src/desk/model";
import { strangersAfter } from "../src/desk/strangers";
import { freeWalls, litOf, wallOf, wavesAtWalls } from "../src/desk/wall";
import { line, nextOf, session } from "./courier.shapes";

function light(label: string, wall = "PW"): Light {
  return { code: `${wall}-${label}`, wall, label, colour: "BLUE", colourName: "blue", shape: "●" };
}

function slot(label: string, told: Partial<WallSlot> = {}, wall = "PW"): WallSlot {
  return {
    light: light(label, wall),
    state: "EMPTY",
    wave: null,
    orderNumber: null,
    here: 0,
    wanted: 0,
    ...told,
  };
}

const MINE = { wave: { id: "wave-1" } };
const KNOWN = [
  slot("01", { ...MINE, state: "COMPLETE" }),
  slot("02", { ...MINE, state: "WAITING" }),
  slot("03", { ...MINE, state: "STOPPED" }),
  slot("04", { wave: { id: "wave-2" }, state: "WAITING" }),
  slot("05"),
  slot("01", {}, "QW"),
];

function sorting(told: Partial<Session> = {}): Session {
  return session({
    job: "SORT",
    step: "ITEM",
    lease: null,
    next: null,
    wave: { id: "wave-1", number: "W-0001" },
    ...told,
  });
}

function lit(label: string): Session {
  const next = { ...nextOf(line({})), slot: light(label), remaining: 2 };
  return sorting({ step: "SLOT", next, expects: ["SLOT", "ITEM", "SERIAL"] });
}

describe("the wall in front of a sorter", () => {
  it("is the one the wave has slots in, with all of its slots and the wave's own counted", () => {
    const wall = wallOf(sorting(), KNOWN);
    expect(wall?.name).toBe("PW");
    expect(wall?.slots.map(({ light: { code } }) => code)).toEqual([
      "PW-01",
      "PW-02",
      "PW-03",
      "PW-04",
      "PW-05",
    ]);
    expect([wall?.complete, wall?.waiting, wall?.stopped]).toEqual([1, 1, 1]);
  });

  it("is not known while the wave has none, or nothing was heard of the walls", () => {
    expect(wallOf(sorting({ wave: { id: "wave-9", number: "W-0009" } }), KNOWN)).toBeNull();
    expect(wallOf(sorting({ wave: null }), [slot("01")])).toBeNull();
    expect(wallOf(sorting(), null)).toBeNull();
  });

  it("is the lit slot's where that is known before the wall is", () => {
    expect(wallOf({ ...lit("07"), wave: null }, KNOWN)?.name).toBe("PW");
    expect(litOf(lit("07"))?.label).toBe("07");
    expect(litOf({ ...lit("07"), step: "ITEM" })).toBeNull();
  });

  it("may be any wall with room: the emptiest comes first", () => {
    expect(freeWalls(KNOWN)).toEqual([
      { name: "PW", free: 1 },
      { name: "QW", free: 1 },
    ]);
    expect(freeWalls([...KNOWN, slot("02", {}, "QW")])[0]).toEqual({ name: "QW", free: 2 });
  });
});

describe("the waves to choose from", () => {
  const wave = (number: string, piecesPicked: number, ordersPacked: number, ordersKickedOut = 0) => ({
    id: number,
    number,
    progress: { orders: 3, ordersPacked, ordersKickedOut, piecesPicked },
  });

  it("are those whose goods lie in totes or at a wall", () => {
    const nodes = [wave("W-0001", 0, 0), wave("W-0002", 5, 1), wave("W-0003", 5, 3), wave("W-0004", 5, 2, 1)];
    const jobs = { waves: { nodes } } as unknown as JobsQuery;
    expect(wavesAtWalls(jobs).map(({ number }) => number)).toEqual(["W-0002"]);
  });

  it("are none where an older app has read the jobs", () => {
    expect(wavesAtWalls({} as JobsQuery)).toEqual([]);
    expect(wavesAtWalls(null)).toEqual([]);
  });
});

describe("what fits at a wall and at a dock", () => {
  const at = (open: Session, pending: KeptEntry[] = []): Desk => ({
    session: open,
    walk: null,
    policy: "PLACE_AND_ITEM",
    pending,
  });
  const scan = (desk: Desk, raw: string) =>
    guess(desk, { kind: "SCAN", said: { raw, source: "WEDGE" } }).fits;

  it("is the slot that is lit, or another piece of what is in hand", () => {
    const desk = at(lit("07"));
    expect(standing(desk).expected).toContain(labelText("V", "PW-07"));
    expect(standing(desk).expected).toContain("4006381333931");
    expect(scan(desk, labelText("V", "PW-07"))).toBe("FITS");
    expect(scan(desk, "PW-07")).toBe("FITS");
    expect(scan(desk, labelText("V", "PW-08"))).toBe("UNEXPECTED");
    expect(scan(desk, "4006381333931")).toBe("UNKNOWN");
  });

  it("is not told while something is only kept, for another slot may be lit by then", () => {
    const kept = { kind: "SCAN", said: { raw: "PW-07" }, guess: { fits: "FITS" } } as KeptEntry;
    expect(scan(at(lit("07"), [kept]), labelText("V", "PW-08"))).toBe("UNKNOWN");
  });

  it("is a tote or a wave to begin with, a slot of a free wall, a parcel or a manifest at the dock", () => {
    expect(scan(at(sorting({ step: "OPEN" })), "W-0001")).toBe("FITS");
    expect(scan(at(sorting({ step: "OPEN" })), labelText("V", "PW-01"))).toBe("FITS");
    expect(scan(at(sorting({ step: "WALL" })), labelText("V", "PW-01"))).toBe("FITS");
    const dock = at(session({ job: "HANDOVER", step: "OPEN", lease: null, next: null }));
    expect(scan(dock, "P-0001")).toBe("FITS");
    expect(scan(dock, "H-0001")).toBe("FITS");
    expect(scan(dock, "SF1234567890")).toBe("UNKNOWN");
  });

  it("any goods fit while a piece is scanned for the wall, none at an open bench", () => {
    expect(takesAnyGoods(sorting({ expects: ["ITEM", "SERIAL", "TOTE"] }))).toBe(true);
    expect(takesAnyGoods(session({ job: "PACK", step: "OPEN", expects: ["TOTE", "ITEM"] }))).toBe(false);
    expect(takesAnyGoods(sorting({ step: "WALL", expects: ["SLOT"] }))).toBe(false);
  });
});

describe("strangers at the dock", () => {
  const told = (raw: string, outcome: Verdict["outcome"], message = ""): KeptEntry =>
    ({ kind: "SCAN", said: { raw }, verdict: { outcome, message } }) as KeptEntry;

  it("are what does not go with the driver, each once, with what was last said of it", () => {
    const first = strangersAfter({}, "H-0001", [
      told("P-0001", "ACCEPTED"),
      told("p-0009", "WRONG_ITEM", "not sealed"),
      told("P-0009", "INTERCEPTED", "stopped"),
      told("P-0001", "DUPLICATE"),
    ]);
    expect(first).toEqual([{ raw: "P-0009", message: "stopped" }]);
  });

  it("are none any more once they are on, and begin anew with another manifest", () => {
    const kept = { strangers: [{ raw: "P-0009", message: "not sealed" }], strangersOf: "H-0001" };
    expect(strangersAfter(kept, "H-0001", [told("P-0009", "TASK_DONE")])).toEqual([]);
    expect(strangersAfter(kept, "H-0001", [])).toHaveLength(1);
    expect(strangersAfter(kept, "H-0002", [told("P-0003", "WRONG_ITEM", "other carrier")])).toEqual([
      { raw: "P-0003", message: "other carrier" },
    ]);
  });
});
