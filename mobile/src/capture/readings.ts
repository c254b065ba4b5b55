// What a frame of the camera says: which codes of it are believed, doubted or not even looked at.

import type { Heard } from "../desk/model";

export interface Point {
  x: number;
  y: number;
}

/** One barcode of one frame, as the decoder told it; `format` and `identifier` are its own words. */
export interface Reading {
  text: string;
  bytes: Uint8Array;
  format: string;
  /** AIM symbology identifier such as `]E0`. */
  identifier: string;
  corners: { topLeft: Point; topRight: Point; bottomLeft: Point; bottomRight: Point };
}

/** What the decoder calls the formats that are read here. */
export const FORMATS = [
  "EAN13",
  "EAN8",
  "UPCA",
  "UPCE",
  "Code128",
  "Code39",
  "ITF",
  "QRCode",
  "DataMatrix",
] as const;
export type Format = (typeof FORMATS)[number];

/** Narrower bars were read wrong more often than right, frame after frame the same wrong number. */
export const MODULE_PX_MIN = 1.5;
const MODULES: Record<string, number> = { EAN13: 95, UPCA: 95, EAN8: 67, UPCE: 51, ISBN: 95 };
/** Formats whose one check digit lets one wrong code in ten pass, or that have none. */
const WEAK = new Set([...Object.keys(MODULES), "ITF", "ITF14"]);

/** Turn a reading into what is heard; null when it is too fine to be believed and nobody expects it. */
export function heardOf(reading: Reading, expected: readonly string[]): Heard | null {
  const isExpected = expected.some((code) => isSameCode(code, reading.text));
  if (!isExpected && modulePx(reading) < MODULE_PX_MIN) return null;
  const heard: Heard = {
    raw: reading.text,
    symbology: reading.identifier || reading.format,
    source: "CAMERA",
  };
  const binary = isText(reading) ? null : base64Of(reading.bytes);
  return {
    ...heard,
    ...(binary === null ? {} : { rawBase64: binary }),
    ...(WEAK.has(reading.format) && !isExpected ? { doubtful: true } : {}),
  };
}

/** The reading to go by when a frame holds several: an expected one, else the one nearest to the middle. */
export function chosen(
  readings: readonly Reading[],
  middle: Point,
  expected: readonly string[],
): Reading | null {
  const rank = (reading: Reading) => {
    const isExpected = expected.some((code) => isSameCode(code, reading.text));
    return (isExpected ? 0 : 1e6) + distance(centre(reading), middle);
  };
  return [...readings].sort((a, b) => rank(a) - rank(b))[0] ?? null;
}

/** The formats worth trying first for what is expected; null when nothing is known about it. */
export function formatsFor(expected: readonly string[]): Format[] | null {
  if (expected.length === 0) return null;
  const wanted = new Set<Format>();
  for (const code of expected) {
    for (const format of formatsOf(code)) wanted.add(format);
  }
  return FORMATS.filter((format) => wanted.has(format));
}

function formatsOf(code: string): readonly Format[] {
  if (!/^[0-9]+$/.test(code)) return ["Code128", "QRCode", "DataMatrix"];
  if (code.length === 13) return ["EAN13"];
  if (code.length === 12) return ["UPCA", "EAN13", "UPCE"];
  if (code.length === 8) return ["EAN8", "UPCE"];
  if (code.length === 14) return ["ITF", "EAN13", "Code128"];
  return ["Code128", "ITF"];
}

/** Whether two texts are the same code: trade numbers are compared without leading zeros, labels without case. */
export function isSameCode(one: string, other: string): boolean {
  return keyOf(one) === keyOf(other);
}

function keyOf(code: string): string {
  const isTradeNumber = /^[0-9]{8,14}$/.test(code);
  return isTradeNumber ? code.padStart(14, "0") : code.toUpperCase();
}

function modulePx(reading: Reading): number {
  const modules = MODULES[reading.format] ?? modulesOfLength(reading);
  return modules === null ? Number.POSITIVE_INFINITY : width(reading) / modules;
}

/** ITF is as wide as it is long: nine narrow bars a digit when a wide one is three narrow ones. */
function modulesOfLength(reading: Reading): number | null {
  return reading.format.startsWith("ITF") ? 9 * reading.text.length + 9 : null;
}

function width({ corners }: Reading): number {
  const { topLeft, topRight, bottomLeft, bottomRight } = corners;
  return Math.max(distance(topLeft, topRight), distance(bottomLeft, bottomRight));
}

function centre({ corners }: Reading): Point {
  const { topLeft, bottomRight } = corners;
  return { x: (topLeft.x + bottomRight.x) / 2, y: (topLeft.y + bottomRight.y) / 2 };
}

function distance(one: Point, other: Point): number {
  return Math.hypot(one.x - other.x, one.y - other.y);
}

/** Whether the text tells all that the bytes do. */
function isText(reading: Reading): boolean {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(reading.bytes).length > 0;
  } catch {
    return false;
  }
}

function base64Of(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}
