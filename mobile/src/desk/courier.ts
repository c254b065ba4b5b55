// The courier brings what is kept to the server: in order, a session at a time, again and again until it is answered.

import type { Answer } from "../api/client";
import { RecordDocument, type RecordMutation, type ScanEntry } from "../api/generated";
import type { Keep } from "../keep/database";
import * as entries from "../keep/entries";
import { keepSession } from "../keep/sessions";
import { ask, trouble } from "./ask";
import type { KeptEntry, Session } from "./model";
import { reopen } from "./reopen";
import { inTurn } from "./turn";
import { uuid7 } from "./uuid7";

export const BATCH_MAX = 50;
/** What was kept while a session was opened anew moves with a second try. */
const REOPENED_MAX = 3;
export const WAITS_MS = [1_000, 2_000, 4_000, 8_000, 15_000];

/** What an answer changed. */
export interface News {
  owner: string;
  /** Entries that now have their answer, or were refused. */
  entries: KeptEntry[];
  session: Session | null;
  /** The session entries were kept under before they were answered, where it is another one. */
  from: string;
}

export interface Hooks {
  /** Whose entries may go now; null while nobody is signed in. */
  owner: () => string | null;
  onNews: (news: News) => Promise<void> | void;
  /** What keeps entries from being sent, as a sentence. */
  onTrouble: (sentence: string) => void;
  /** Where there are no Web Locks this is undefined, and tabs take turns by a row. */
  locks?: LockManager | undefined;
}

/** ALL: nothing is left to send. LATER: something is, and it is tried again. NOBODY: a person must sign in first. */
export type Sent = "ALL" | "LATER" | "NOBODY";
type Payload = NonNullable<RecordMutation["scanRecord"]>;
type Refusal = Payload["userErrors"][number];
/** How a batch ended: GO on, HOLD its session back for now, send LESS at once, or stop. */
type Step = "GO" | "HOLD" | "LESS" | "LATER" | "NOBODY";

export class Courier {
  private readonly me = uuid7();
  private running: Promise<Sent> | null = null;
  private isAwaited = false;
  private isStopped = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private failures = 0;
  private reopened = new Map<string, number>();

  constructor(
    private readonly keep: Keep,
    private readonly hooks: Hooks,
  ) {}

  /** Send what is kept; what comes in meanwhile goes with the next batch. */
  send(): Promise<Sent> {
    this.isAwaited = true;
    clearTimeout(this.timer);
    this.running ??= this.work().finally(() => {
      this.running = null;
      if (this.isAwaited && !this.isStopped) void this.send();
    });
    return this.running;
  }

  /** The network may be back: do not wait any longer than a first time. */
  encourage(): Promise<Sent> {
    this.failures = 0;
    return this.send();
  }

  /** What is on its way comes to its end, and nothing is tried again by itself. */
  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
  }

  private async work(): Promise<Sent> {
    let sent: Sent = "ALL";
    while (this.isAwaited) {
      this.isAwaited = false;
      const locks = "locks" in this.hooks ? this.hooks.locks : globalThis.navigator?.locks;
      sent = await inTurn(this.keep, this.me, (renew) => this.round(renew), locks).catch(
        () => "LATER" as const,
      );
      if (sent !== "ALL") break;
    }
    if (sent !== "ALL") this.isAwaited = false; // what came in meanwhile waits as well
    this.failures = sent === "LATER" ? this.failures + 1 : 0;
    if (sent === "LATER") this.tryLater();
    return sent;
  }

  private tryLater(): void {
    if (this.isStopped) return;
    const wait = WAITS_MS[Math.min(this.failures, WAITS_MS.length) - 1] ?? 1_000;
    // Many phones must not come back to a restarted server in the same moment.
    this.timer = setTimeout(() => void this.send(), wait * (0.75 + Math.random() / 4));
  }

  private async round(renew: () => Promise<boolean>): Promise<Sent> {
    const held = new Set<string>();
    this.reopened.clear();
    let most = BATCH_MAX;
    while (await renew()) {
      const owner = this.hooks.owner();
      if (!owner) return "NOBODY";
      const batch = await entries.nextBatch(this.keep, owner, most, held);
      const first = batch[0];
      if (!first) return held.size > 0 ? "LATER" : "ALL";
      if (owner !== this.hooks.owner()) continue; // somebody else signed in meanwhile
      const step = await this.bring(owner, first.sessionId, batch);
      if (step === "LATER" || step === "NOBODY") return step;
      if (step === "HOLD") held.add(first.sessionId);
      most = step === "LESS" ? Math.ceil(batch.length / 2) : BATCH_MAX;
    }
    return "LATER";
  }

  private async bring(owner: string, sessionId: string, batch: KeptEntry[]): Promise<Step> {
    const target = sessionId === entries.OPENING ? {} : { sessionId };
    const answer = await ask(RecordDocument, { input: { ...target, entries: batch.map(spoken) } });
    if (answer.kind !== "ANSWERED") return this.unanswered(answer, batch);
    const payload = answer.data.scanRecord;
    const problem = payload?.userErrors[0];
    if (payload && problem) return await this.refused(owner, sessionId, batch, problem);
    const answered = payload ? await this.write(owner, sessionId, batch, payload) : 0;
    this.failures = 0;
    return answered > 0 ? "GO" : "HOLD"; // an answer without a verdict would be asked for without end
  }

  private unanswered(answer: Exclude<Answer<unknown>, { kind: "ANSWERED" }>, batch: KeptEntry[]): Step {
    if (answer.kind === "SIGNED_OUT") return "NOBODY";
    if (answer.kind === "UNREACHABLE") return "LATER";
    if (batch.length > 1) return "LESS"; // find the one entry the server cannot take, and bring the others
    this.hooks.onTrouble(trouble(answer) ?? "");
    return "HOLD";
  }

  private async write(owner: string, from: string, batch: KeptEntry[], payload: Payload): Promise<number> {
    const { session, verdicts } = payload;
    const own = new Set(batch.map((entry) => entry.clientId));
    const given = verdicts.filter((verdict) => own.has(verdict.clientId));
    const later = await entries.pendingOf(this.keep, owner, from);
    const newest = later.at(-1)?.clientId;
    const replies = given.map((verdict) => ({
      clientId: verdict.clientId,
      verdict,
      // A question that went unseen because the person had gone on must not be missed.
      attention: verdict.tone === "WRONG" || (verdict.tone === "ASK" && verdict.clientId !== newest),
    }));
    if (session) await keepSession(this.keep, owner, session);
    const changed = await entries.answer(this.keep, replies, session?.id);
    if (session && session.id !== from) {
      await entries.rehome(this.keep, owner, from, { id: session.id, sequence: session.lastSequence + 1 });
    }
    await this.hooks.onNews({ owner, entries: changed, session, from });
    return given.length;
  }

  private async refused(owner: string, from: string, batch: KeptEntry[], problem: Refusal): Promise<Step> {
    const index = Number(problem.field[0] === "entries" ? problem.field[1] : Number.NaN);
    const one = batch[index];
    if (problem.code === "INVALID_INPUT" && one) return await this.refuse(owner, [one], problem.message);
    if (problem.code === "NOTHING_TO_OPEN" && from === entries.OPENING) {
      return await this.refuse(owner, batch.slice(0, 1), problem.message);
    }
    if (problem.code === "NOT_FOUND" && from !== entries.OPENING)
      return await this.gone(owner, from, problem);
    this.hooks.onTrouble(problem.message);
    return problem.code === "LIMIT_EXCEEDED" && batch.length > 1 ? "LESS" : "HOLD";
  }

  /** The server does not know the session any more: go on in another one of the same work, or say that it is over. */
  private async gone(owner: string, from: string, problem: Refusal): Promise<Step> {
    const times = this.reopened.get(from) ?? 0;
    const next = times < REOPENED_MAX ? await reopen(this.keep, owner, from) : null;
    this.reopened.set(from, times + 1);
    if (next && "later" in next) return next.later;
    if (next && "session" in next) {
      await this.hooks.onNews({ owner, entries: [], session: next.session, from });
      return "GO";
    }
    const all = await entries.pendingOf(this.keep, owner, from);
    return await this.refuse(owner, all, next?.problem ?? problem.message);
  }

  private async refuse(owner: string, which: KeptEntry[], problem: string): Promise<Step> {
    const replies = which.map(({ clientId }) => ({ clientId, problem, attention: true }));
    const changed = await entries.answer(this.keep, replies);
    await this.hooks.onNews({ owner, entries: changed, session: null, from: which[0]?.sessionId ?? "" });
    return "GO";
  }
}

/** An entry as the server takes it. */
function spoken(entry: KeptEntry): ScanEntry {
  const { clientId, sequence, recordedAt, kind, said } = entry;
  return { clientId, sequence, recordedAt, kind, ...said };
}
