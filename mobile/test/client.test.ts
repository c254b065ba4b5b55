import { afterEach, describe, expect, it, vi } from "vitest";

import { configure, run, TIMEOUT_MS } from "../src/api/client";
import { SessionCloseDocument, ViewerDocument } from "../src/api/generated";

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  configure({ token: null, language: () => "zh-CN", onClock: () => {} });
});

function answers(body: unknown, init: ResponseInit = {}): RequestInit[] {
  const asked: RequestInit[] = [];
  vi.stubGlobal("fetch", async (_url: string, request: RequestInit) => {
    asked.push(request);
    return new Response(typeof body === "string" ? body : JSON.stringify(body), init);
  });
  return asked;
}

const error = (code: string) => ({ data: null, errors: [{ message: "Sorry.", extensions: { code } }] });

describe("the client", () => {
  it("sends token and language, and returns the data", async () => {
    configure({ token: "secret", language: () => "en" });
    const asked = answers({ data: { viewer: null } });
    expect(await run(ViewerDocument, {})).toEqual({ kind: "ANSWERED", data: { viewer: null } });
    const headers = new Headers(asked[0]?.headers);
    expect(headers.get("authorization")).toBe("Bearer secret");
    expect(headers.get("accept-language")).toBe("en");
    expect(JSON.parse(String(asked[0]?.body))).toMatchObject({ variables: {} });
  });

  it("sends no token where there is none", async () => {
    const asked = answers({ data: {} });
    await run(ViewerDocument, {});
    expect(new Headers(asked[0]?.headers).has("authorization")).toBe(false);
  });

  const cases: [string, unknown, ResponseInit, string][] = [
    ["401", "", { status: 401 }, "SIGNED_OUT"],
    ["SIGN_IN_NEEDED as an error", error("SIGN_IN_NEEDED"), {}, "SIGNED_OUT"],
    ["503", "Service Unavailable", { status: 503 }, "UNREACHABLE"],
    ["502 from a proxy with JSON", { message: "bad gateway" }, { status: 502 }, "UNREACHABLE"],
    ["a captive portal", "<html>", {}, "UNREACHABLE"],
    ["an empty answer", "", {}, "UNREACHABLE"],
    ["a full queue", error("QUEUE_FULL"), {}, "UNREACHABLE"],
    ["going down", error("SHUTTING_DOWN"), {}, "UNREACHABLE"],
    ["too many requests", "", { status: 429 }, "UNREACHABLE"],
    ["a bad request", error("BAD_REQUEST"), {}, "BUG"],
    ["a bug", error("INTERNAL"), { status: 500 }, "BUG"],
    ["a body that is too large", error("BAD_REQUEST"), { status: 413 }, "BUG"],
  ];
  for (const [name, body, init, kind] of cases) {
    it(`takes ${name} for ${kind}`, async () => {
      answers(body, init);
      expect((await run(ViewerDocument, {})).kind).toBe(kind);
    });
  }

  it("tells a mutation's own SIGN_IN_NEEDED from its other refusals", async () => {
    const refused = (code: string) => ({
      data: { scanSessionClose: { session: null, userErrors: [{ code }] } },
    });
    answers(refused("SIGN_IN_NEEDED"));
    expect((await run(SessionCloseDocument, { input: { id: "1" } })).kind).toBe("SIGNED_OUT");
    answers(refused("NOT_FOUND"));
    expect((await run(SessionCloseDocument, { input: { id: "1" } })).kind).toBe("ANSWERED");
  });

  it("gives up after ten seconds, also in the middle of an answer", async () => {
    vi.useFakeTimers();
    vi.stubGlobal("fetch", (_url: string, { signal }: RequestInit) => {
      const never = new ReadableStream({
        start: (controller) =>
          signal?.addEventListener("abort", () => controller.error(new Error("aborted"))),
      });
      return Promise.resolve(new Response(never));
    });
    let kind = "";
    const asked = run(ViewerDocument, {}).then((answer) => {
      kind = answer.kind;
    });
    await vi.advanceTimersByTimeAsync(TIMEOUT_MS - 1);
    expect(kind).toBe("");
    await vi.advanceTimersByTimeAsync(1);
    await asked;
    expect(kind).toBe("UNREACHABLE");
  });

  it("tells how far the server's clock is ahead, and takes two seconds for none", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const told: number[] = [];
    configure({ onClock: (offset) => told.push(offset) });
    for (const ahead of [0, -90_000]) {
      answers({ data: {} }, { headers: { date: new Date(Date.now() + ahead).toUTCString() } });
      await run(ViewerDocument, {});
    }
    answers({ data: {} });
    await run(ViewerDocument, {});
    expect(told).toHaveLength(2);
    expect(told[0]).toBe(0);
    expect(Math.abs((told[1] ?? 0) + 90_000)).toBeLessThan(1_500);
  });
});
