// Picking, played through on this phone: a short retelling of the server's table, for a walk without network.

import type { ScanPolicy } from "../api/generated";
import { labelText, read, type Scanned, spellings } from "./codes";
import type { Said, Standing } from "./guess";
import type { Guess, Session, Walk, WalkLine } from "./model";

interface Line {
  line: WalkLine;
  picked: number;
  short: number;
}

interface Done {
  clientId: string;
  line: Line;
  pieces: number;
}

/** Where a picker stands; it changes as entries are taken. */
export interface At {
  policy: ScanPolicy;
  isCluster: boolean;
  step: string;
  lines: Line[];
  current: Line | null;
  /** The bin that was scanned. */
  place: string | null;
  skipped: Line[];
  /** Pieces taken but not yet put into a tote (cluster), and the entries that took them. */
  hand: Done[];
  done: Done[];
  totes: Set<string>;
  /** The tote the server wants next, while its line is still the current one. */
  toteFor: { line: Line; code: string } | null;
}

const FITS: Guess = { fits: "FITS" };
const UNEXPECTED: Guess = { fits: "UNEXPECTED" };
const UNKNOWN: Guess = { fits: "UNKNOWN" };
const CARRIERS = new Set(["T", "V"]);
const AT_A_BIN = new Set(["ITEM", "PUT"]);

/** Take up what the server said last. */
export function begin(session: Session, walk: Walk, policy: ScanPolicy): At {
  const lines = walk.lines
    .filter((line) => line.status !== "CANCELLED")
    .map((line) => ({ line, picked: line.pickedQuantity, short: line.shortQuantity }));
  const next = session.next;
  const named = lines.filter(
    ({ line }) => line.place.code === next?.placeCode && line.sku.code === next?.skuCode,
  );
  const current = named.find(({ line }) => (line.lot?.code ?? null) === next?.lotCode) ?? named[0] ?? null;
  if (current && next) current.picked = current.line.quantity - current.short - next.remaining;
  const at: At = {
    policy,
    isCluster: walk.wave.kind === "CLUSTER",
    step: session.step,
    lines,
    current,
    place: AT_A_BIN.has(session.step) && policy !== "ITEM" ? (next?.placeCode ?? null) : null,
    skipped: [],
    hand: [],
    done: [],
    totes: new Set(walk.totes.map((tote) => tote.place.code)),
    toteFor: current && next?.toteCode ? { line: current, code: next.toteCode } : null,
  };
  if (!current && at.step !== "DONE") at.current = following(at);
  return at;
}

/** Take one entry as if it were booked; the guess tells what it did. A doubtful one moves nothing. */
export function take(at: At, clientId: string, { kind, said }: Said): Guess {
  if (at.step === "DONE" && kind !== "UNDO") return UNEXPECTED;
  if (kind === "SCAN") return scan(at, clientId, said);
  const act = KEYS[kind];
  return act ? act(at, clientId, said) : UNKNOWN;
}

/** Tell where that leaves the picker. */
export function standing(at: At): Standing {
  const { current } = at;
  const line = current && {
    ...current.line,
    pickedQuantity: current.picked,
    shortQuantity: current.short,
  };
  return { step: at.step, line: at.step === "DONE" ? null : line, expected: expected(at) };
}

function expected(at: At): string[] {
  const totes = at.toteFor && at.toteFor.line === at.current ? [at.toteFor.code] : [...at.totes];
  const toteLabels = totes.flatMap((code) => [code, labelText("T", code.replace(/^T-/, ""))]);
  if (at.step === "PUT") return toteLabels;
  if (at.step === "TOTE" || !at.current) return at.step === "TOTE" ? toteLabels : [];
  const code = at.current.line.place.code;
  if (at.step === "PLACE") return [labelText("B", code), code];
  const here = at.place === null ? at.lines : at.lines.filter(({ line }) => line.place.code === at.place);
  const goods = here.filter((each) => left(each) > 0).map(({ line }) => line.sku);
  return [
    ...new Set(goods.flatMap((sku) => [...sku.barcodes.flatMap(({ code }) => spellings(code)), sku.code])),
  ];
}

function scan(at: At, clientId: string, said: Said["said"]): Guess {
  const code = read(said.raw ?? "", said.source === "TYPED");
  const isDoubtful = said.doubtful === true;
  if (isTote(at, code)) return tote(at, clientId, code, isDoubtful);
  const isLabel = code.label?.kind === "B";
  const here = at.lines.filter(({ line }) => code.keys.includes(line.place.code.toUpperCase()));
  if (isLabel || (here.length > 0 && at.step !== "ITEM")) return bin(at, here, isDoubtful);
  return item(at, clientId, code, said.quantity ?? 1, isDoubtful);
}

function isTote(at: At, code: Scanned): boolean {
  const isKnown = code.keys.some((key) => at.totes.has(key) || at.toteFor?.code === key);
  return isKnown || (code.label !== null && CARRIERS.has(code.label.kind));
}

function tote(at: At, clientId: string, code: Scanned, isDoubtful: boolean): Guess {
  if (at.step === "PUT") {
    const wanted = at.toteFor?.line === at.current ? at.toteFor?.code : undefined;
    if (wanted !== undefined && !code.keys.includes(wanted)) return UNEXPECTED;
    return isDoubtful ? UNKNOWN : putIn(at, clientId);
  }
  const isKnown = code.keys.some((key) => at.totes.has(key));
  if (at.isCluster && (at.step !== "TOTE" || isKnown)) return UNEXPECTED;
  if (isDoubtful) return UNKNOWN;
  at.totes.add(code.label?.value ?? code.keys[0] ?? "");
  if (at.step === "TOTE" && !at.isCluster) forward(at);
  return FITS;
}

function putIn(at: At, clientId: string): Guess {
  const { current } = at;
  if (!current) return UNKNOWN;
  const pieces = at.hand.reduce((sum, held) => sum + held.pieces, 0);
  at.hand = [];
  current.picked += pieces;
  at.done.push({ clientId, line: current, pieces });
  const isSure = at.toteFor?.line === current;
  at.toteFor = null; // the next share may be for another order, and only the server knows which tote that is
  forward(at);
  return { fits: isSure ? "FITS" : "UNKNOWN", lineId: current.line.id, pieces };
}

function bin(at: At, here: readonly Line[], isDoubtful: boolean): Guess {
  const waiting = here.filter((each) => left(each) > 0);
  const target = waiting.find((each) => each === at.current) ?? waiting[0];
  // Whether every order of a cluster has its tote is not known here: a bin may come after the first one.
  const isTooEarly = at.step === "PUT" || (at.step === "TOTE" && !(at.isCluster && at.totes.size > 0));
  if (!target || isTooEarly || (at.step === "ITEM" && at.place === target.line.place.code)) return UNEXPECTED;
  if (isDoubtful) return UNKNOWN;
  Object.assign(at, { step: "ITEM", current: target, place: target.line.place.code });
  return { fits: "FITS", lineId: target.line.id };
}

function item(at: At, clientId: string, code: Scanned, times: number, isDoubtful: boolean): Guess {
  if (!AT_A_BIN.has(at.step) || (times !== 1 && at.policy === "EVERY_UNIT")) return UNEXPECTED;
  const atHand = at.place === null ? at.lines : at.lines.filter(({ line }) => line.place.code === at.place);
  const fitting = atHand.filter((each) => left(each) > 0 && unitsOf(each.line, code) > 0);
  if (new Set(fitting.map(({ line }) => line.sku.id)).size > 1) return UNKNOWN; // the server asks which
  const ofLot = code.lot === null ? fitting : fitting.filter(({ line }) => isLot(line, code.lot));
  const among = ofLot.length > 0 ? ofLot : fitting;
  const target = among.find((each) => each === at.current) ?? among[0];
  if (!target) return UNEXPECTED;
  const pieces = unitsOf(target.line, code) * times * (code.quantity ?? 1);
  const held = at.hand.reduce((sum, each) => sum + each.pieces, 0);
  if (held > 0 && target !== at.current) return UNEXPECTED;
  if (pieces < 1 || pieces > left(target) - held) return UNEXPECTED;
  if (isDoubtful) return { fits: "UNKNOWN", lineId: target.line.id };
  book(at, { clientId, line: target, pieces });
  // Another lot in the bin may be taken where the warehouse lets it: the server knows, and settles it.
  const isSure = ofLot.length > 0 && !isAsked(target.line, code);
  return { fits: isSure ? "FITS" : "UNKNOWN", lineId: target.line.id, pieces };
}

function isAsked({ sku, lot }: WalkLine, code: Scanned): boolean {
  return sku.serialTracked || (sku.lotTracked && lot !== null && code.lot === null);
}

function book(at: At, done: Done): void {
  at.current = done.line;
  if (at.isCluster) {
    at.hand.push(done);
    at.step = "PUT";
    return;
  }
  done.line.picked += done.pieces;
  at.done.push(done);
  if (left(done.line) === 0) forward(at);
}

type Key = (at: At, clientId: string, said: Said["said"]) => Guess;

const KEYS: Partial<Record<Said["kind"], Key>> = {
  QUANTITY: quantity,
  SHORT: short,
  SKIP: skip,
  UNDO: undo,
  DAMAGED: ({ step }) => (step === "ITEM" ? FITS : UNEXPECTED),
};

function quantity(at: At, clientId: string, said: Said["said"]): Guess {
  const { current } = at;
  const isEarly = !current || !AT_A_BIN.has(at.step);
  if (isEarly || at.policy === "EVERY_UNIT" || current.line.sku.serialTracked) return UNEXPECTED;
  const held = at.hand.reduce((sum, each) => sum + each.pieces, 0);
  const pieces = (said.quantity ?? 0) - (at.isCluster ? held : current.picked);
  if (pieces < 1 || pieces > left(current) - held) return UNEXPECTED;
  book(at, { clientId, line: current, pieces });
  return { fits: "FITS", lineId: current.line.id, pieces };
}

function short(at: At, _clientId: string, said: Said["said"]): Guess {
  const { current } = at;
  const missing = said.quantity ?? (current ? left(current) : 0);
  if (at.step !== "ITEM" || !current || missing < 1 || missing > left(current)) return UNEXPECTED;
  current.short += missing;
  if (left(current) === 0) forward(at);
  return { fits: "FITS", lineId: current.line.id };
}

function skip(at: At): Guess {
  const { current } = at;
  if (!current || (at.step !== "PLACE" && at.step !== "ITEM")) return UNEXPECTED;
  at.skipped = [...at.skipped.filter((each) => each !== current), current];
  forward(at);
  return { fits: "FITS", lineId: current.line.id };
}

function undo(at: At, _clientId: string, said: Said["said"]): Guess {
  const list = at.hand.length > 0 ? at.hand : at.done;
  const target = said.answers ? list.find((each) => each.clientId === said.answers) : list.at(-1);
  if (!target) return UNKNOWN; // the server has booked it already, and knows
  list.splice(list.indexOf(target), 1);
  if (list === at.done) target.line.picked -= target.pieces;
  if (list === at.done || at.hand.length === 0) forward(at);
  return { fits: "FITS", lineId: target.line.line.id };
}

/** Go where the walk goes on: here if anything is left here, else along it, what was skipped last. */
function forward(at: At): void {
  const next = following(at);
  if (!next) {
    Object.assign(at, { step: "DONE", current: null, place: null });
    return;
  }
  const isHere = next.line.place.code === at.place;
  Object.assign(at, {
    current: next,
    step: isHere || at.policy === "ITEM" ? "ITEM" : "PLACE",
    place: isHere ? at.place : null,
  });
}

function following(at: At): Line | null {
  const rank = (each: Line) => [
    at.skipped.indexOf(each) + 1,
    Number(each.line.place.code !== at.place),
    each.line.sequence,
  ];
  const waiting = at.lines.filter((each) => left(each) > 0);
  return waiting.sort((one, other) => compare(rank(one), rank(other)))[0] ?? null;
}

function compare(one: number[], other: number[]): number {
  for (const [index, value] of one.entries()) {
    if (value !== other[index]) return value - (other[index] ?? 0);
  }
  return 0;
}

function left({ line, picked, short: missing }: Line): number {
  return line.status === "OPEN" || picked < line.pickedQuantity ? line.quantity - picked - missing : 0;
}

function unitsOf(line: WalkLine, code: Scanned): number {
  const barcode = line.sku.barcodes.find(({ code: each }) =>
    spellings(each).some((key) => code.keys.includes(key.toUpperCase())),
  );
  return barcode?.unitQuantity ?? (code.keys.includes(line.sku.code.toUpperCase()) ? 1 : 0);
}

function isLot(line: WalkLine, said: string | null): boolean {
  return !line.lot || line.lot.code.trim().toUpperCase() === said?.trim().toUpperCase();
}
