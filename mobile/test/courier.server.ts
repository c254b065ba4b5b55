// A small server in memory that speaks the real protocol's shape: what a phone's tests talk to instead of a network.

import type { ScanEntry, SessionFragment, Verdict } from "./courier.shapes";
import { session, walk } from "./courier.shapes";

type Fault =
  | "lose the answer"
  | "down"
  | "unreachable"
  | "signed out"
  | "portal"
  | "bug"
  | "gone"
  | "not permitted";
type Json = Record<string, unknown>;

interface Scan {
  worker: string;
  entry: ScanEntry;
  verdict: Verdict;
}

/** A print job of a parcel that has no other. */
interface Print {
  id: string;
  state: "UNSURE" | "FAILED" | "PRINTED" | "QUEUED";
}

export class Server {
  /** Each request meets the next fault, if there is one; null lets one request pass. */
  faults: (Fault | null)[] = [];
  /** From now on every request meets this. */
  always: Fault | null = null;
  people: Record<string, string> = { "token-anna": "anna", "token-ben": "ben" };
  scans = new Map<string, Scan>();
  /** Everything booked, in the order it was booked. */
  booked: { worker: string; raw: string; sequence: number }[] = [];
  sessions = new Map<string, SessionFragment>();
  requests: { name: string; variables: Json; language: string | null; token: string | null }[] = [];
  /** The bench's print jobs, as anybody at the bench finds them. */
  prints: Print[] = [];
  /** What a session's instruction is, by the language it is asked for in. */
  speaks: Record<string, string> = {};
  late = 0;
  poison: string | null = null;
  clockAheadMs = 0;
  private gate: Promise<void> | null = null;
  private atOnce = 0;
  /** The most batches that were here at one time. */
  atOnceMost = 0;

  constructor() {
    this.sessions.set("session-1", session({ id: "session-1" }));
    this.sessions.set(
      "session-2",
      session({ id: "session-2", job: "LOOK_UP", step: "LOOK", lease: null, next: null }),
    );
  }

  records(): ScanEntry[][] {
    const sent = this.requests.filter(({ name }) => name === "Record");
    return sent.map(({ variables }) => (variables.input as { entries: ScanEntry[] }).entries);
  }

  /** Batches arrive, but wait at the door until what this returns is called. */
  hold(): () => void {
    let open = () => {};
    this.gate = new Promise((go) => {
      open = go;
    });
    return () => {
      this.gate = null;
      open();
    };
  }

  fetch = async (_url: string, init: RequestInit): Promise<Response> => {
    const headers = new Headers(init.headers);
    const { query, variables } = JSON.parse(String(init.body)) as { query: string; variables: Json };
    const name = /(?:query|mutation) (\w+)/.exec(query)?.[1] ?? "";
    const token = headers.get("authorization")?.replace("Bearer ", "") ?? null;
    const language = headers.get("accept-language");
    this.requests.push({ name, variables, language, token });
    const said = this.speaks[language ?? ""];
    for (const each of said ? this.sessions.values() : []) each.instruction = said ?? "";
    const fault = name === "Record" ? (this.faults.shift() ?? this.always) : this.always;
    if (fault === "unreachable") throw new TypeError("Failed to fetch");
    if (name === "Record") await this.door();
    const response = this.answer(name, variables, token, fault);
    if (fault === "lose the answer") throw new TypeError("network error");
    return response;
  };

  private async door(): Promise<void> {
    this.atOnce += 1;
    this.atOnceMost = Math.max(this.atOnceMost, this.atOnce);
    await this.gate;
    this.atOnce -= 1;
  }

  private answer(name: string, variables: Json, token: string | null, fault: Fault | null): Response {
    if (fault === "down") return new Response("Service Unavailable", { status: 503 });
    if (fault === "portal") return new Response("<html>Sign in to this Wi-Fi</html>", { status: 200 });
    if (fault === "signed out") return this.json({ data: null, errors: [problem("SIGN_IN_NEEDED")] });
    if (fault === "bug") return this.json({ data: { scanRecord: null }, errors: [problem("INTERNAL")] });
    if (fault === "gone")
      return this.refused("NOT_FOUND", "No scan session of yours has that id.", ["sessionId"]);
    if (fault === "not permitted") return this.refused("NOT_PERMITTED", "You may not work here.", []);
    const worker = token === null ? undefined : this.people[token];
    const door = this.doors[name];
    if (!worker && name !== "SignIn" && name !== "PairingRedeem") {
      return this.json({ data: null, errors: [problem("SIGN_IN_NEEDED")] });
    }
    return door ? door(variables, worker ?? "") : this.json({ data: null, errors: [problem("BAD_REQUEST")] });
  }

  private doors: Record<string, (variables: Json, worker: string) => Response> = {
    Viewer: (_variables, worker) => {
      const viewer = { name: worker, signIn: `${worker}@demo`, role: "PICKER", permissions: ["FLOOR_WORK"] };
      const merchant = { code: "demo", name: "Demo" };
      const place = { id: "location-1", code: "SZ", name: "Shenzhen", kind: "WAREHOUSE" };
      const locations = [{ ...place, scanPolicy: "PLACE_AND_ITEM" }];
      return this.json({ data: { viewer: { ...viewer, locale: "en", merchant }, locations } });
    },
    SignIn: ({ input }) => {
      const name = String((input as Json).signIn).split("@")[0] ?? "";
      const token = Object.keys(this.people).find((each) => this.people[each] === name);
      const userErrors = token ? [] : [{ code: "WRONG_SIGN_IN", message: "Name or password is wrong." }];
      return this.json({ data: { signIn: { token: token ?? null, expiresAt: null, userErrors } } });
    },
    SignOut: () => this.json({ data: { signOut: { ended: 1, userErrors: [] } } }),
    SessionOpen: ({ input }) => {
      const job = (input as Json).job;
      const found = [...this.sessions.values()].find((each) => each.job === job) ?? null;
      return this.json({ data: { scanSessionOpen: { session: found, userErrors: [] } } });
    },
    SessionClose: ({ input }) =>
      this.json({ data: { scanSessionClose: { session: { id: (input as Json).id }, userErrors: [] } } }),
    SessionNow: ({ id }) => this.json({ data: { scanSession: this.sessions.get(String(id)) ?? null } }),
    Doubts: () => {
      const inState = (state: Print["state"]) =>
        this.prints.filter((print) => print.state === state).map((print) => this.printed(print));
      return this.json({ data: { unsure: inState("UNSURE"), failed: inState("FAILED") } });
    },
    LabelSettle: ({ input }) => {
      const { printJobIds, printed } = input as { printJobIds: string[]; printed: boolean };
      for (const print of this.prints.filter(({ id }) => printJobIds.includes(id))) {
        print.state = printed ? "PRINTED" : "QUEUED";
      }
      return this.json({ data: { printJobSettle: { userErrors: [] } } });
    },
    Walk: () => this.json({ data: { pickList: walk() } }),
    Record: ({ input }, worker) => this.record(input as { sessionId?: string; entries: ScanEntry[] }, worker),
  };

  private printed({ id, state }: Print): Json {
    const parcel = { id: `parcel-${id}`, number: `P-${id}`, state: "SEALED", printJobs: [{ id }] };
    return { id, state, lastError: null, parcel };
  }

  private record(input: { sessionId?: string; entries: ScanEntry[] }, worker: string): Response {
    if (input.entries.some((entry) => entry.raw === this.poison && this.poison !== null)) {
      return this.json({ data: null, errors: [problem("BAD_REQUEST")] });
    }
    const id = input.sessionId ?? "session-2";
    const now = this.sessions.get(id);
    if (!now) return this.refused("NOT_FOUND", "No scan session of yours has that id.", ["sessionId"]);
    if (input.sessionId === undefined && input.entries[0]?.raw === "NONSENSE") {
      return this.refused("NOTHING_TO_OPEN", "That code does not say what to work on.", []);
    }
    const inOrder = [...input.entries].sort((one, other) => one.sequence - other.sequence);
    const verdicts = new Map(inOrder.map((entry) => [entry.clientId, this.judge(now, entry, worker)]));
    now.version += 1;
    this.sessions.set(id, structuredClone(now));
    const given = input.entries.map((entry) => verdicts.get(entry.clientId));
    return this.json({ data: { scanRecord: { verdicts: given, session: now, userErrors: [] } } });
  }

  private judge(now: SessionFragment, entry: ScanEntry, worker: string): Verdict {
    const before = this.scans.get(entry.clientId);
    if (before && before.worker !== worker) return verdict(entry, "NOT_YOURS", "WRONG");
    if (before) return { ...before.verdict, repeated: true };
    if (entry.sequence < now.lastSequence) this.late += 1;
    now.lastSequence = Math.max(now.lastSequence, entry.sequence);
    const told = judged(entry);
    if (told.outcome === "ACCEPTED") {
      this.booked.push({ worker, raw: entry.raw ?? "", sequence: entry.sequence });
      now.progress = { ...now.progress, done: now.progress.done + 1 };
    }
    this.scans.set(entry.clientId, { worker, entry, verdict: told });
    return told;
  }

  private refused(code: string, message: string, field: string[]): Response {
    return this.json({
      data: { scanRecord: { verdicts: [], session: null, userErrors: [{ code, field, message }] } },
    });
  }

  private json(body: unknown): Response {
    const date = new Date(Date.now() + this.clockAheadMs).toUTCString();
    return new Response(JSON.stringify(body), { headers: { "content-type": "application/json", date } });
  }
}

function judged(entry: ScanEntry): Verdict {
  if (entry.raw?.startsWith("BAD")) return verdict(entry, "WRONG_ITEM", "WRONG");
  if (entry.raw?.startsWith("ASK")) return verdict(entry, "NEEDS_LOT", "ASK");
  return verdict(entry, "ACCEPTED", "GOOD");
}

function verdict(entry: ScanEntry, outcome: Verdict["outcome"], tone: Verdict["tone"]): Verdict {
  const message = `${outcome} ${entry.raw ?? entry.kind}`;
  return { clientId: entry.clientId, outcome, message, tone, repeated: false, choices: [], task: null };
}

function problem(code: string): Json {
  return { message: `It is ${code}.`, extensions: { code } };
}
