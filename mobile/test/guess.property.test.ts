import { describe, expect, it } from "vitest";

import type { ScanPolicy } from "../src/api/generated";
import { labelText } from "../src/desk/codes";
import { type Desk, guess, standing } from "../src/desk/guess";
import type { KeptEntry, WalkLine } from "../src/desk/model";
import { line, nextOf, session, walk } from "./courier.shapes";

const POLICIES: ScanPolicy[] = ["PLACE_AND_ITEM", "PLACE", "ITEM", "EVERY_UNIT"];
const WALKS = 300;
/** It takes half a second; a busy machine may take its time. */
const PATIENCE_MS = 60_000;

/** Numbers that are the same each time for the same seed. */
function dice(seed: number): (sides: number) => number {
  let state = seed * 2654435761 + 1;
  return (sides) => {
    state = (Math.imul(state ^ (state >>> 15), 2246822519) + 374761393) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

function anyLines(roll: (sides: number) => number): WalkLine[] {
  return Array.from({ length: 1 + roll(6) }, (_, index) => {
    const sku = roll(4);
    const barcodes = [{ code: `SKU-${sku}-EACH`, unitQuantity: 1 }];
    if (roll(2)) barcodes.push({ code: `SKU-${sku}-PACK`, unitQuantity: 2 + roll(4) });
    return line({
      id: `line-${index}`,
      sequence: index,
      quantity: 1 + roll(5),
      place: `A01-0${1 + roll(3)}-1`,
      sku: `SKU-${sku}`,
      barcodes,
    });
  });
}

/** The code a picker who does as told scans next. */
function nextCode(desk: Desk, roll: (sides: number) => number): string {
  const { step, line: ahead } = standing(desk);
  if (!ahead) throw new Error(`Nothing is ahead at ${step}.`);
  if (step === "TOTE") return "T-0007";
  if (step === "PLACE") return labelText("B", ahead.place.code);
  const left = ahead.quantity - ahead.pickedQuantity - ahead.shortQuantity;
  const fitting = ahead.sku.barcodes.filter(({ unitQuantity }) => unitQuantity <= left);
  return fitting[roll(fitting.length)]?.code ?? "";
}

function keep(desk: Desk, raw: string): KeptEntry {
  const said = { raw, source: "WEDGE" } as const;
  const entry = { kind: "SCAN", said } as const;
  const number = desk.pending.length;
  const kept: KeptEntry = {
    ...entry,
    clientId: `entry-${number}`,
    order: number,
    owner: "",
    sessionId: "",
    sequence: number,
    recordedAt: "",
    state: "KEPT",
    guess: guess(desk, entry),
  };
  desk.pending = [...desk.pending, kept];
  return kept;
}

describe("any walk without network", () => {
  it("fits scan by scan when the picker does as told, and ends with nothing ahead", {
    timeout: PATIENCE_MS,
  }, () => {
    for (let seed = 1; seed <= WALKS; seed += 1) {
      const roll = dice(seed);
      const lines = anyLines(roll);
      const policy = POLICIES[roll(POLICIES.length)] ?? "ITEM";
      const first = lines[0];
      if (!first) throw new Error("There is no line.");
      const isToteFirst = roll(2) === 1;
      const step = isToteFirst ? "TOTE" : policy === "ITEM" ? "ITEM" : "PLACE";
      const next = isToteFirst ? null : nextOf(first);
      const desk: Desk = { session: session({ step, next }), walk: walk(lines), policy, pending: [] };
      let pieces = 0;
      while (standing(desk).line) {
        const raw = nextCode(desk, roll);
        const wrong = guess(desk, { kind: "SCAN", said: { raw: "NO-SUCH-CODE", source: "WEDGE" } });
        expect(wrong.fits, `seed ${seed}`).toBe("UNEXPECTED");
        expect(standing(desk).step === "TOTE" || standing(desk).expected.includes(raw), `seed ${seed}`).toBe(
          true,
        );
        const kept = keep(desk, raw);
        expect(kept.guess.fits, `seed ${seed}: ${raw} at ${desk.pending.length}`).toBe("FITS");
        pieces += kept.guess.pieces ?? 0;
      }
      expect(standing(desk)).toMatchObject({ step: "DONE", line: null, expected: [] });
      expect(pieces, `seed ${seed}`).toBe(lines.reduce((sum, each) => sum + each.quantity, 0));
    }
  });
});
