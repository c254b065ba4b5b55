// What changes by other hands: subscriptions over one WebSocket (graphql-transport-ws), opened again when it breaks.

import { type Client, createClient } from "graphql-ws";

import { token } from "./client";
import type { TypedDocumentString } from "./generated";

const FORBIDDEN = 4403;
const KEEP_ALIVE_MS = 20_000;
const WAITS_MS = [1_000, 2_000, 4_000, 8_000, 15_000];

export interface Watch<Data> {
  onData: (data: Data) => void;
  /** The token opens nothing any more. */
  onSignedOut: () => void;
}

/** Follow a subscription until the returned function is called; it goes on by itself after a broken connection. */
export function watch<Data, Variables extends Record<string, unknown>>(
  document: TypedDocumentString<Data, Variables>,
  variables: Variables,
  { onData, onSignedOut }: Watch<Data>,
): () => void {
  let client: Client | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  let isOver = false;

  const follow = () => {
    client = connect();
    client.subscribe<Data>(
      { query: document.toString(), variables },
      {
        next({ data }) {
          failures = 0;
          if (data && !isOver) onData(data);
        },
        error(problem) {
          if (isOver) return;
          if (isClosedWith(problem, FORBIDDEN)) onSignedOut();
          else later();
        },
        complete() {
          if (!isOver) later();
        },
      },
    );
  };
  const later = () => {
    void client?.dispose();
    const wait = WAITS_MS[Math.min(failures, WAITS_MS.length - 1)] ?? 1_000;
    failures += 1;
    timer = setTimeout(follow, wait * (0.75 + Math.random() / 4));
  };

  follow();
  return () => {
    isOver = true;
    clearTimeout(timer);
    void client?.dispose();
  };
}

/** A connection that is not opened again by itself: `watch` does, with its own patience and the token of then. */
function connect(): Client {
  const { protocol, host } = globalThis.location;
  return createClient({
    url: `${protocol === "https:" ? "wss:" : "ws:"}//${host}/graphql`,
    connectionParams: () => ({ authorization: `Bearer ${token() ?? ""}` }),
    retryAttempts: 0,
    keepAlive: KEEP_ALIVE_MS,
  });
}

function isClosedWith(problem: unknown, code: number): boolean {
  return typeof problem === "object" && problem !== null && "code" in problem && problem.code === code;
}
