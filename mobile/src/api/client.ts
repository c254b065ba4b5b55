// GraphQL over HTTP. Whatever happens is an answer: nothing here throws for network, server or refusal.

import type { TypedDocumentString } from "./generated";

/**
 * What became of a request.
 *
 * ANSWERED: the data is here (a mutation's own refusals are in its userErrors). UNREACHABLE: nobody answered, or
 * somebody who is not the server, or it is overloaded; the same request may be sent again. SIGNED_OUT: the token
 * opens nothing any more. BUG: the server did not take the request; `message` is its sentence.
 */
export type Answer<Data> =
  | { kind: "ANSWERED"; data: Data }
  | { kind: "UNREACHABLE" }
  | { kind: "SIGNED_OUT" }
  | { kind: "BUG"; message: string; code: string };

interface Settings {
  token: string | null;
  language: () => string;
  /** Called with how far the server's clock is ahead, in milliseconds, whenever it answers. */
  onClock: (offsetMs: number) => void;
}

interface ServerError {
  message: string;
  extensions?: { code?: string };
}

export const TIMEOUT_MS = 10_000;
const SIGN_IN_NEEDED = "SIGN_IN_NEEDED";
/** The server's answers when it has too much to do or goes down: the same request is good again later. */
const LATER = new Set(["QUEUE_FULL", "SHUTTING_DOWN", "EXECUTION_TIMEOUT"]);
/** The Date header has whole seconds: a smaller difference is no difference. */
const CLOCK_TOLERANCE_MS = 2_000;

const settings: Settings = { token: null, language: () => "zh-CN", onClock: () => {} };

/** Set the token, the language, or who is told about the server's clock; what is left out stays. */
export function configure(change: Partial<Settings>): void {
  Object.assign(settings, change);
}

export function token(): string | null {
  return settings.token;
}

/** Send an operation and return what became of it, within ten seconds. */
export async function run<Data, Variables>(
  document: TypedDocumentString<Data, Variables>,
  variables: Variables,
): Promise<Answer<Data>> {
  const stopper = new AbortController();
  const timer = setTimeout(() => stopper.abort(), TIMEOUT_MS);
  try {
    const began = Date.now();
    const response = await fetch("/graphql", {
      method: "POST",
      headers: headers(),
      body: JSON.stringify({ query: document.toString(), variables }),
      signal: stopper.signal,
      cache: "no-store",
      credentials: "omit",
    });
    noteClock(response, began);
    return await read<Data>(response);
  } catch {
    return { kind: "UNREACHABLE" };
  } finally {
    clearTimeout(timer);
  }
}

function headers(): Record<string, string> {
  const known: Record<string, string> = {
    "content-type": "application/json",
    accept: "application/json",
    "accept-language": settings.language(),
  };
  if (settings.token) known.authorization = `Bearer ${settings.token}`;
  return known;
}

async function read<Data>(response: Response): Promise<Answer<Data>> {
  if (response.status === 401) return { kind: "SIGNED_OUT" };
  const body: unknown = await response.json().catch(() => null);
  const errors = errorsOf(body);
  const code = errors[0]?.extensions?.code ?? "BAD_REQUEST";
  if (errors.some((error) => error.extensions?.code === SIGN_IN_NEEDED)) return { kind: "SIGNED_OUT" };
  if (response.status >= 500 && code !== "INTERNAL") return { kind: "UNREACHABLE" };
  if (response.status === 429 || LATER.has(code)) return { kind: "UNREACHABLE" };
  const first = errors[0];
  if (first) return { kind: "BUG", message: first.message, code };
  if (!isRecord(body) || !isRecord(body.data)) return { kind: "UNREACHABLE" }; // a captive portal, not the server
  const data = body.data as Data;
  return isSignInAsked(data) ? { kind: "SIGNED_OUT" } : { kind: "ANSWERED", data };
}

/** A mutation says SIGN_IN_NEEDED among its own refusals. */
function isSignInAsked(data: unknown): boolean {
  const payloads = isRecord(data) ? Object.values(data) : [];
  return payloads.some((payload) => {
    const refusals = isRecord(payload) && Array.isArray(payload.userErrors) ? payload.userErrors : [];
    return refusals.some((refusal: unknown) => isRecord(refusal) && refusal.code === SIGN_IN_NEEDED);
  });
}

function errorsOf(body: unknown): ServerError[] {
  return isRecord(body) && Array.isArray(body.errors) ? (body.errors as ServerError[]) : [];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function noteClock(response: Response, began: number): void {
  const told = Date.parse(response.headers.get("date") ?? "");
  if (Number.isNaN(told)) return;
  const middle = (began + Date.now()) / 2;
  const offset = told + 500 - middle;
  settings.onClock(Math.abs(offset) <= CLOCK_TOLERANCE_MS ? 0 : Math.round(offset));
}
