// Packing, sorting, handing over, putting back and looking up: what fits the step the server told of.

import { labelText, read, type Scanned, spellings } from "./codes";
import type { Desk, Said } from "./guess";
import type { Guess, Session } from "./model";

const FITS: Guess = { fits: "FITS" };
const UNKNOWN: Guess = { fits: "UNKNOWN" };
/** Parcels and manifests are loaded. */
const LOADS = new Set(["P", "H"]);
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
  if (job === "SORT" && step === "SLOT" && next?.slot) {
    const { code } = next.slot;
    return [...new Set([labelText("V", code), code, ...(next.sku ? codesOf(next.sku) : [])])];
  }
  if (job !== "PUT_BACK" || !next) return [];
  if (step === "PLACE") {
    const places = next.placeCode?.match(/[0-9A-Z]+(?:-[0-9A-Z]+)+|[0-9A-Z]*[0-9][0-9A-Z]*/g) ?? [];
    return places.flatMap((code) => [labelText("B", code), code]);
  }
  return next.sku ? codesOf(next.sku) : [];
}

/** Whether goods of the step are right whichever they are, as far as this phone knows: it has no list of them. */
export function takesAnyGoods({ job, step, expects }: Session): boolean {
  // At an open bench a misread number would begin another order: there a person confirms it. What an older app has
  // kept of a session has no `expects`.
  return (expects ?? []).includes("ITEM") && !(job === "PACK" && step === "OPEN");
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
  if (session.job === "SORT") return sorted(desk, code);
  if (session.job === "HANDOVER") return LOADS.has(code.label?.kind ?? "") ? FITS : UNKNOWN;
  if (session.job !== "PUT_BACK") return UNKNOWN;
  if (session.step === "PLACE") return code.label?.kind === "B" ? { fits: "FITS" } : UNKNOWN;
  const units = session.next?.sku ? unitsOf(session.next.sku, code.keys) : 0;
  return units > 0 ? { fits: "FITS", pieces: units * (said.quantity ?? 1) } : UNKNOWN;
}

/** The step is the server's: with something only kept it may be another one by now. */
function sorted({ session, pending }: Desk, code: Scanned): Guess {
  const kind = code.label?.kind ?? "";
  if (pending.length > 0) return UNKNOWN;
  if (session.step === "SLOT") {
    const slot = session.next?.slot?.code.toUpperCase();
    if (slot !== undefined && code.keys.includes(slot))
      return { fits: "FITS", pieces: session.next?.remaining ?? 1 };
    return kind === "V" || kind === "T" || kind === "W" ? { fits: "UNEXPECTED" } : UNKNOWN;
  }
  const fitting: Record<string, string> = { OPEN: "TWV", WALL: "V", ITEM: "TW" };
  return kind !== "" && fitting[session.step]?.includes(kind) ? FITS : UNKNOWN;
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
