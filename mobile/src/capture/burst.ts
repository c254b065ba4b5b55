// Tells a scanner's typing from a person's by the time between keys. Pure: time is given, nothing is read or set.

/** Between two keys of a scanner lie fewer milliseconds than this (median); a person's fastest are slower. */
export const SCANNER_GAP_MS_MAX = 35;
/** A person pauses longer than this: what follows is something else. */
export const SILENCE_MS = 60;
/** A scanner's code goes on after no longer a pause: a hiccup of the radio cuts none in two. */
export const SCANNER_SILENCE_MS = 150;
/** The same once a scanner here was heard to end its codes itself. */
export const ENDING_SILENCE_MS = 300;
/** So long an end sign is waited for: a busy phone brings keys later than they were pressed. */
export const PATIENCE_MS = 1000;
/** The same once a scanner here was heard to end its codes itself: without one something is on its way or was lost. */
export const ENDING_PATIENCE_MS = 5000;
/** The same once a scanner here was heard to send none. */
export const ENDLESS_PATIENCE_MS = 150;
/** A scanned code has at least so many characters; without an end sign more are asked for. */
export const LENGTH_MIN = 3;
export const LENGTH_WITHOUT_END_MIN = 6;

/** Characters with the times at which they were pressed, in milliseconds of any one clock. */
export class Burst {
  private text = "";
  private times: number[] = [];
  /** How much of the text was told as a code already. */
  private toldLength = 0;
  /** Whether the scanner here was last heard to end a code with Enter or Tab; null when none was heard. */
  private isEnding: boolean | null = null;

  get length(): number {
    return this.times.length;
  }

  /** How long to wait for another key before `pause` is asked; that is no judgement on when the keys were pressed. */
  get patienceMs(): number {
    if (!this.isFast(LENGTH_MIN)) return SILENCE_MS;
    if (this.isEnding === null) return PATIENCE_MS;
    return this.isEnding ? ENDING_PATIENCE_MS : ENDLESS_PATIENCE_MS;
  }

  private get silenceMs(): number {
    if (!this.isFast(LENGTH_MIN)) return SILENCE_MS;
    return this.isEnding ? ENDING_SILENCE_MS : SCANNER_SILENCE_MS;
  }

  /** Whether what was typed so far, and is still going on, looks like a scanner's. */
  isFast(lengthMin: number): boolean {
    return this.length >= lengthMin && medianGap(this.times) < SCANNER_GAP_MS_MAX;
  }

  /** Whether a key at this time would go on with the burst. */
  continuesAt(at: number): boolean {
    const last = this.times.at(-1);
    return last !== undefined && at - last <= this.silenceMs;
  }

  hear(character: string, at: number): void {
    this.text += character;
    this.times.push(at);
  }

  /** Take an end sign; returns the code it ends, or null when a person pressed it or the code was told already. */
  end(at: number): string | null {
    const isScan = this.isFast(LENGTH_MIN) && this.continuesAt(at);
    if (isScan) this.isEnding = true;
    return this.take(isScan);
  }

  /** Nothing came for a while; returns the code when it was one. Keys that come late still go on with it. */
  pause(): string | null {
    if (!this.isFast(LENGTH_WITHOUT_END_MIN) || this.toldLength === this.length) return null;
    this.isEnding = false;
    this.toldLength = this.length;
    return this.text;
  }

  /** Something else was pressed later; returns the code when it was one and was not told yet. */
  silence(): string | null {
    const isScan = this.isFast(LENGTH_WITHOUT_END_MIN);
    if (isScan) this.isEnding = false;
    return this.take(isScan);
  }

  forget(): void {
    this.take(false);
  }

  private take(isScan: boolean): string | null {
    const isNews = isScan && this.toldLength < this.length;
    const said = isNews ? this.text : null;
    this.text = "";
    this.times = [];
    this.toldLength = 0;
    return said;
  }
}

/** The median of the times between neighbours; infinite when there is none. */
function medianGap(times: readonly number[]): number {
  const gaps = times.slice(1).map((time, index) => time - (times[index] ?? time));
  gaps.sort((a, b) => a - b);
  return gaps[Math.floor(gaps.length / 2)] ?? Number.POSITIVE_INFINITY;
}
