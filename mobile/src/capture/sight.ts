// Remembers what the camera looks at, so that one look is one scan.

/** A code that was not seen for so long has gone. */
export const GONE_MS = 1000;
/** Another code was held up meanwhile and this one was not seen for so long: it was brought back on purpose. */
export const AWAY_MS = 400;

/** Which codes are in view. Pure: the time is given. */
export class Sight {
  private readonly lastSeen = new Map<string, number>();
  private latest: string | null = null;

  /** Note a code seen at a time; tells whether it is to be reported: not while it stays in view. */
  see(code: string, at: number): boolean {
    const seen = this.lastSeen.get(code) ?? Number.NEGATIVE_INFINITY;
    this.lastSeen.set(code, at);
    const away = at - seen;
    const isNew = away >= GONE_MS || (this.latest !== code && away >= AWAY_MS);
    if (isNew) this.latest = code;
    this.sweep(at);
    return isNew;
  }

  /** Look afresh: what is in view now is reported once more. */
  forget(): void {
    this.lastSeen.clear();
    this.latest = null;
  }

  private sweep(at: number): void {
    for (const [code, seen] of this.lastSeen) {
      if (at - seen >= GONE_MS) this.lastSeen.delete(code);
    }
  }
}
