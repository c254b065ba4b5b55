// What a code says by itself: our own labels with their check character, trade numbers, and GS1's elements.

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const LABEL = /^([OFWLTPXCDRUMHSBV])-([0-9A-Z]+(?:-[0-9A-Z]+)*)-([0-9A-Z])$/;
const NUMBER = /^([OFWLTPXCDRUMH])-([0-9]{4,12})$/;
const TYPED_NUMBER = /^([OFWLTPXCDRUMH])[- ]?([0-9]{1,12})$/;
const GTIN = /^(?:[0-9]{8}|[0-9]{12,14})$/;
const PAIRING = /pickmesh:pair:|\/app\/?#pair=/i;
const NAMED_BY_CODE = new Set(["S", "B", "V"]);
const GS = "\u001d";
/** GS1 elements of a fixed length, by their identifier; all others run to the next separator. */
const FIXED: Record<string, number> = { "00": 18, "01": 14, "02": 14, "11": 6, "13": 6, "15": 6, "17": 6 };

/** What a scan says, without knowing any goods. */
export interface Scanned {
  /** Our own label: its letter, and the number (`T-0017`) or the place's code (`A01-02-3`) it names. */
  label: { kind: string; value: string; checked: boolean } | null;
  /** Fourteen digits. */
  gtin: string | null;
  lot: string | null;
  /** Pieces or trade items the symbol says it holds. */
  quantity: number | null;
  /** Everything it may be looked up by, in capitals. */
  keys: string[];
}

/** ISO 7064 MOD 37,36 over digits and capital letters, as on our labels. */
export function checkCharacter(payload: string): string {
  let remainder = 36;
  for (const character of payload) {
    const total = (remainder + ALPHABET.indexOf(character)) % 36 || 36;
    remainder = (total * 2) % 37;
  }
  return ALPHABET[(37 - remainder) % 36] ?? "";
}

/** The text on a label: `B` and `A01-02-3` give `B-A01-02-3-` and its check character. */
export function labelText(kind: string, body: string): string {
  return `${kind}-${body}-${checkCharacter(kind + body.replaceAll("-", ""))}`;
}

/** A GTIN of any length as fourteen digits; null when it is none or its check digit is wrong. */
export function gtin14(text: string): string | null {
  if (!GTIN.test(text) || /^0+$/.test(text)) return null;
  let total = 0;
  for (let place = 1; place < text.length; place += 1) {
    total += Number(text[text.length - 1 - place]) * (place % 2 === 1 ? 3 : 1);
  }
  const digit = (10 - (total % 10)) % 10;
  return digit === Number(text.at(-1)) ? text.padStart(14, "0") : null;
}

/** A barcode as the catalogue has it and as scanners may send it: a GTIN-14 also as EAN-13, UPC-A and EAN-8. */
export function spellings(code: string): string[] {
  const full = gtin14(code);
  if (!full) return [code];
  const shorter = [13, 12, 8].filter((length) => /^0*$/.test(full.slice(0, 14 - length)));
  return [...new Set([code, full, ...shorter.map((length) => full.slice(14 - length))])];
}

/** Whether a text carries a pairing token: a secret that must not be kept as an entry. */
export function isPairing(text: string): boolean {
  return PAIRING.test(text);
}

/** Whether the decoder's name or AIM identifier means EAN or UPC, which a blurred picture can misread as another. */
export function isTradeSymbol(symbology: string | undefined): boolean {
  return symbology !== undefined && /^(\]E[0-4]|EAN|UPC|ISBN)/i.test(symbology);
}

/** Tell what a raw scan or typed text says; never throws, whatever the input. */
export function read(raw: string, typed = false): Scanned {
  const text = raw.replace(/^\][A-Za-z][0-9A-Za-z]/, "").trim();
  const plain = text.replaceAll(GS, "").trim().toUpperCase();
  const label = readLabel(plain, typed);
  const digits = typed ? plain.replaceAll(/[ -]/g, "") : plain;
  const gtin = label ? null : gtin14(digits);
  const elements = label || gtin ? null : readElements(text);
  const number = gtin ?? elements?.gtin ?? null;
  const keys = [label?.value, number, plain].filter((key): key is string => Boolean(key));
  return { label, gtin: number, lot: elements?.lot ?? null, quantity: elements?.quantity ?? null, keys };
}

function readLabel(text: string, typed: boolean): Scanned["label"] {
  const [, kind = "", body = "", check] = LABEL.exec(text) ?? [];
  if (kind && check === checkCharacter(kind + body.replaceAll("-", ""))) {
    const value = NAMED_BY_CODE.has(kind) ? body : numberOf(kind, body);
    if (value) return { kind, value, checked: true };
  }
  const [, letter = "", digits = ""] = (typed ? TYPED_NUMBER : NUMBER).exec(text) ?? [];
  const value = letter ? numberOf(letter, digits) : null;
  return value ? { kind: letter, value, checked: false } : null;
}

function numberOf(kind: string, body: string): string | null {
  return /^[0-9]{1,12}$/.test(body) && Number(body) > 0
    ? `${kind}-${String(Number(body)).padStart(4, "0")}`
    : null;
}

function readElements(text: string): { gtin: string; lot: string | null; quantity: number | null } | null {
  const found: Record<string, string> = {};
  let rest = text.startsWith(GS) ? text.slice(1) : text;
  while (rest.length > 2) {
    const identifier = rest.slice(0, 2);
    const length = FIXED[identifier];
    const end = length === undefined ? rest.indexOf(GS, 2) : 2 + length;
    const value = rest.slice(2, end === -1 ? undefined : end);
    if (length !== undefined && !/^[0-9]+$/.test(value)) return null;
    found[identifier] = value;
    rest = end === -1 ? "" : rest.slice(end);
    if (rest.startsWith(GS)) rest = rest.slice(1);
  }
  const gtin = gtin14(found["01"] ?? found["02"] ?? "");
  if (!gtin) return null;
  const quantity = Number(found["30"] ?? found["37"] ?? 0);
  return { gtin, lot: found["10"] ?? null, quantity: quantity > 0 ? quantity : null };
}
