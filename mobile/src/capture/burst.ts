// Tells a scanner's typing from a person's by the time between keys. Pure: time is given, nothing is read or set.

/** Between two keys of a scanner lie fewer milliseconds than this (median); a person's fastest are slower. */
export const SCANNER_GAP_MS_MAX = 35;
/** A person pauses longer than this: what follows is something else. */
export const SILENCE_MS = 60;
/** A scanner's code is over after so long a silence; a busy phone or a hiccup of the radio cuts none in two. */
export const SCANNER_SILENCE_MS = 150;
/** The same once a scanner here was heard to end its codes itself. */
export const ENDING_SILENCE_MS = 300;
/** A scanned code has at least so many characters; without an end sign more are asked for. */
export const LENGTH_MIN = 3;
export const LENGTH_WITHOUT_END_MIN = 6;

/** Characters with their times, in milliseconds of any one clock. */
export class Burst {
  private text = "";
  private times: number[] = [];
  /** Whether a scanner was heard to end a code with Enter or Tab. */
  private isEnding = false;

  get length(): number {
    return this.times.length;
  }

  /** How long to wait after the last character before `silence` is asked. */
  get silenceMs(): number {
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

  /** Take an end sign; returns the code it ends, or null when a person pressed it. */
  end(at: number): string | null {
    const last = this.times.at(-1) ?? Number.NEGATIVE_INFINITY;
    const isScan = this.isFast(LENGTH_MIN) && at - last <= this.silenceMs;
    if (isScan) this.isEnding = true;
    return this.take(isScan);
  }

  /** Nothing came any more; returns the code when it was one. */
  silence(): string | null {
    return this.take(this.isFast(LENGTH_WITHOUT_END_MIN));
  }

  forget(): void {
    this.take(false);
  }

  private take(isScan: boolean): string | null {
    const said = isScan ? this.text : null;
    this.text = "";
    this.times = [];
    return said;
  }
}

/** The median of the times between neighbours; infinite when there is none. */
function medianGap(times: readonly number[]): number {
  const gaps = times.slice(1).map((time, index) => time - (times[index] ?? time));
  gaps.sort((a, b) => a - b);
  return gaps[Math.floor(gaps.length / 2)] ?? Number.POSITIVE_INFINITY;
}
