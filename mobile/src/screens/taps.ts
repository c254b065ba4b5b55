// A finger that trembles, or taps twice to be sure, does one thing: the second tap of a double tap is nobody's.

const DOUBLE_MS = 350;
const SAME_SPOT_PX = 40;
/** Keys of a number may be the same twice. */
const REPEATS = ".keypad";
const PRESSED = "button, summary, a";

/**
 * Swallow the second tap of a double tap, on whatever lies under the finger by then; returns what ends it.
 *
 * The first tap has often closed a sheet or an error, and the second would press what appears behind it, or book an
 * act twice. Keys of a keypad and presses by keyboard are left alone.
 */
export function tapsCountOnce(target: Window): () => void {
  let last: { at: number; x: number; y: number } | null = null;
  const listener = (event: MouseEvent) => {
    const pressed = (event.target as Element | null)?.closest(PRESSED);
    if (!pressed || event.detail === 0) return;
    const tap = { at: event.timeStamp, x: event.clientX, y: event.clientY };
    const isSecond =
      last !== null &&
      tap.at - last.at < DOUBLE_MS &&
      Math.hypot(tap.x - last.x, tap.y - last.y) < SAME_SPOT_PX;
    last = tap;
    if (!isSecond || pressed.closest(REPEATS)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  target.addEventListener("click", listener, { capture: true });
  return () => target.removeEventListener("click", listener, { capture: true });
}
