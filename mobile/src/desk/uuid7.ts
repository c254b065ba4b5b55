// UUIDv7 made on this phone: in order of making, also within a millisecond and when the clock is set back.

const COUNTER_BITS = 12;
const COUNTER_MAX = 2 ** COUNTER_BITS - 1;

let latest = 0;
let counter = 0;

/** Return a new UUIDv7, greater than every one made here before; works on insecure origins too. */
export function uuid7(now: number = Date.now()): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  if (now > latest) {
    latest = now;
    // The upper half stays free, so that a burst within one millisecond can count on.
    counter = (((bytes[6] ?? 0) << 8) | (bytes[7] ?? 0)) & (COUNTER_MAX >> 1);
  } else if (counter < COUNTER_MAX) {
    counter += 1;
  } else {
    latest += 1; // borrow from the next millisecond rather than go back
    counter = 0;
  }
  const view = new DataView(bytes.buffer);
  view.setUint32(0, Math.floor(latest / 2 ** 16));
  view.setUint16(4, latest % 2 ** 16);
  view.setUint16(6, 0x7000 | counter);
  view.setUint8(8, 0x80 | ((bytes[8] ?? 0) & 0x3f));
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
