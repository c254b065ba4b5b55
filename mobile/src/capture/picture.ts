// A photograph as a scanner: made small on this phone, read by the server.

import { token } from "../api/client";
import type { Heard } from "../desk/model";
import { expected } from "../desk/state";
import { language, t } from "../language";
import { isSameCode } from "./readings";

/** Longer sides are made this long before sending: enough for any label held up to a phone. */
export const SIDE_PX_MAX = 1600;
/** The server takes some hundreds; more is expected nowhere. */
const ACCEPT_MAX = 200;
const QUALITY = 0.85;
const TIMEOUT_MS = 30_000;

/** One barcode as `POST /scan` tells it; what is null or left out is not known. */
interface Barcode {
  text: string;
  rawBase64?: string | null;
  symbology?: string | null;
  identifier?: string | null;
  doubtful?: boolean | null;
}

interface Scan {
  barcodes?: Barcode[];
  message?: string | null;
  errors?: { message: string; extensions?: { code?: string } }[];
}

/**
 * Read the codes of a picture; returns what was read, at least one, or a sentence for the person.
 *
 * `accept` are the codes that would fit now: with one of them among several only that one is meant.
 */
export async function readPicture(
  file: Blob,
  accept: readonly string[] = expected.value,
): Promise<Heard[] | string> {
  const form = new FormData();
  form.append("image", await smaller(file), "picture.jpg");
  for (const code of accept.slice(0, ACCEPT_MAX)) form.append("accept", code);
  const response = await send(form);
  if (!response) return t("problem.offline");
  if (response.status === 401) return t("problem.signedOut");
  const scan: unknown = await response.json().catch(() => null);
  if (!isScan(scan)) return t("problem.server");
  const said = saidBy(scan);
  return typeof said === "string" ? said : meant(said, accept);
}

/** Of several codes the expected ones; where none is expected the person chooses. */
export function meant(heard: Heard[], accept: readonly string[]): Heard[] {
  const fitting = heard.filter(({ raw }) => accept.some((code) => isSameCode(code, raw)));
  return fitting.length > 0 ? fitting : heard;
}

/** What an answer of the server comes to. */
export function saidBy(scan: Scan): Heard[] | string {
  const refusal = scan.errors?.[0]?.message;
  if (refusal) return refusal;
  const heard = (scan.barcodes ?? []).map(heardOf);
  return heard.length > 0 ? heard : scan.message || t("camera.unread");
}

function heardOf(barcode: Barcode): Heard {
  const symbology = barcode.identifier || barcode.symbology;
  return {
    raw: barcode.text,
    source: "PICTURE",
    ...(symbology ? { symbology } : {}),
    ...(barcode.rawBase64 ? { rawBase64: barcode.rawBase64 } : {}),
    ...(barcode.doubtful ? { doubtful: true } : {}),
  };
}

function isScan(body: unknown): body is Scan {
  return typeof body === "object" && body !== null && ("barcodes" in body || "errors" in body);
}

async function send(body: FormData): Promise<Response | null> {
  const known = token();
  const headers: Record<string, string> = { accept: "application/json", "accept-language": language.value };
  if (known) headers.authorization = `Bearer ${known}`;
  const stopper = new AbortController();
  const timer = setTimeout(() => stopper.abort(), TIMEOUT_MS);
  try {
    const init = { method: "POST", body, headers, cache: "no-store", credentials: "omit" } as const;
    return await fetch("/scan", { ...init, signal: stopper.signal });
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
}

/** The size to draw a picture at, so that no side is longer than the limit. */
export function fitted(width: number, height: number): { width: number; height: number } {
  const scale = Math.min(1, SIDE_PX_MAX / Math.max(width, height));
  return { width: Math.round(width * scale), height: Math.round(height * scale) };
}

/** Draw a picture smaller, upright, as JPEG; where the browser cannot, the server gets it as it is. */
async function smaller(file: Blob): Promise<Blob> {
  try {
    const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
    const size = fitted(bitmap.width, bitmap.height);
    const canvas = Object.assign(document.createElement("canvas"), size);
    canvas.getContext("2d")?.drawImage(bitmap, 0, 0, size.width, size.height);
    bitmap.close();
    const drawn = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
    return drawn && drawn.size < file.size ? drawn : file;
  } catch {
    return file;
  }
}
