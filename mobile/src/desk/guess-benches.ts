// Packing, putting back and looking up: what fits the step the server told of.

import { labelText, read, spellings } from "./codes";
import type { Desk, Said } from "./guess";
import type { Guess } from "./model";

const UNKNOWN: Guess = { fits: "UNKNOWN" };
/** Totes, orders, parcels and wall slots open a parcel. */
const OPENS_PACKING = new Set(["T", "O", "F", "P", "V"]);

type Goods = { code: string; barcodes: readonly { code: string; unitQuantity: number }[] };

/** The codes that would fit now; empty where anything may. */
export function expectedElsewhere({ session, pack }: Desk): string[] {
  const { job, step, next } = session;
  if (job === "PACK" && step === "ITEMS") {
    const goods = pack?.length ? pack.map((line) => line.sku) : next?.sku ? [next.sku] : [];
    return [...new Set(goods.flatMap(codesOf))];
  }
  if (job !== "PUT_BACK" || !next) return [];
  if (step === "PLACE") {
    const places = next.placeCode?.match(/[0-9A-Z]+(?:-[0-9A-Z]+)+|[0-9A-Z]*[0-9][0-9A-Z]*/g) ?? [];
    return places.flatMap((code) => [labelText("B", code), code]);
  }
  return next.sku ? codesOf(next.sku) : [];
}

/** Guess what an entry does at a bench. */
export function guessElsewhere(desk: Desk, { kind, said }: Said): Guess {
  const { session } = desk;
  if (kind !== "SCAN") {
    const isOffered = session.supportedActions.includes(kind);
    return { fits: isOffered && desk.pending.length === 0 ? "FITS" : "UNKNOWN" };
  }
  const code = read(said.raw ?? "", said.source === "TYPED");
  if (session.job === "PACK" && session.step === "OPEN") {
    return OPENS_PACKING.has(code.label?.kind ?? "") ? { fits: "FITS" } : UNKNOWN;
  }
  if (session.job === "PACK" && session.step === "ITEMS") {
    return packed(desk, code.keys, (said.quantity ?? 1) * (code.quantity ?? 1));
  }
  if (session.job !== "PUT_BACK") return UNKNOWN;
  if (session.step === "PLACE") return code.label?.kind === "B" ? { fits: "FITS" } : UNKNOWN;
  const units = session.next?.sku ? unitsOf(session.next.sku, code.keys) : 0;
  return units > 0 ? { fits: "FITS", pieces: units * (said.quantity ?? 1) } : UNKNOWN;
}

function packed(desk: Desk, keys: readonly string[], times: number): Guess {
  const next = desk.session.next;
  const isNext = next?.sku ? unitsOf(next.sku, keys) : 0;
  if (next?.sku && isNext > 0) {
    const pieces = isNext * times;
    const { sku } = next;
    const waiting = desk.pending
      .filter(({ said, guess }) => guess.pieces && unitsOf(sku, read(said.raw ?? "").keys) > 0)
      .reduce((sum, { guess }) => sum + (guess.pieces ?? 0), 0);
    return waiting + pieces <= next.remaining ? { fits: "FITS", pieces } : { fits: "UNEXPECTED" };
  }
  if (!desk.pack?.length) return UNKNOWN; // other goods of the order are not known here
  const units = Math.max(...desk.pack.map((line) => unitsOf(line.sku, keys)));
  return units > 0 ? { fits: "FITS", pieces: units * times } : { fits: "UNEXPECTED" };
}

function codesOf(sku: Goods): string[] {
  return [...sku.barcodes.flatMap(({ code }) => spellings(code)), sku.code];
}

function unitsOf(sku: Goods, keys: readonly string[]): number {
  const barcode = sku.barcodes.find(({ code }) =>
    spellings(code).some((each) => keys.includes(each.toUpperCase())),
  );
  return barcode?.unitQuantity ?? (keys.includes(sku.code.toUpperCase()) ? 1 : 0);
}
