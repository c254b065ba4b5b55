// The browser's Web Locks, as far as the courier asks for them: Node has none before its version 24.

type Work = (lock: Lock | null) => unknown;

/** One lock manager for all tabs of a phone: who asks for a name waits until everybody before has let it go. */
export class Locks {
  private latest = new Map<string, Promise<unknown>>();
  /** How many wait for a lock or have it. */
  inLine = 0;

  request = async (name: string, work: Work): Promise<unknown> => {
    this.inLine += 1;
    const before = this.latest.get(name) ?? Promise.resolve();
    const mine = before.then(() => work({ name, mode: "exclusive" }));
    const over = mine.catch(() => {});
    this.latest.set(name, over);
    try {
      return await mine;
    } finally {
      this.inLine -= 1;
    }
  };
}
