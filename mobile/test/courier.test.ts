import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { atWork, closeAll, load, scanned, type Tab } from "./courier.phone";
import { Server } from "./courier.server";

let server: Server;
let tab: Tab;

beforeEach(async () => {
  server = new Server();
  tab = await atWork(server);
});
afterEach(closeAll);

/** Wait until nothing is left to send, and every signal knows. */
async function allSent(on: Tab = tab): Promise<void> {
  await vi.waitFor(() => expect(on.state.unsynced.value).toBe(0), { timeout: 5_000 });
  await vi.waitFor(() => expect(on.state.pending.value).toEqual([]));
}

const raws = (): string[] => server.booked.map(({ raw }) => raw);
const codes = (count: number, from = 1) => Array.from({ length: count }, (_, index) => `C-${index + from}`);

async function scan(on: Tab, ...all: string[]): Promise<void> {
  for (const raw of all) expect(await on.acts.hear(scanned(raw))).toBeNull();
}

describe("the courier", () => {
  it("keeps first, then sends, then shows the server's verdict", async () => {
    server.gate = new Promise((open) => setTimeout(open, 50));
    expect(await tab.acts.hear(scanned("C-1"))).toBeNull();
    expect((await tab.all())[0]).toMatchObject({ state: "KEPT", sessionId: "session-1", sequence: 1 });
    expect(tab.state.shown.value).toMatchObject({ feeling: "KEPT", outcome: null, about: "C-1" });
    expect(tab.state.unsynced.value).toBe(1);
    await allSent();
    expect(tab.state.shown.value).toMatchObject({ feeling: "GOOD", outcome: "ACCEPTED" });
    expect(tab.state.history.value.map(({ state }) => state)).toEqual(["ANSWERED"]);
    expect(raws()).toEqual(["C-1"]);
  });

  it("sends what came in meanwhile together, in order, at most fifty at once", async () => {
    let open = () => {};
    server.gate = new Promise((go) => {
      open = go;
    });
    await scan(tab, ...codes(73));
    open();
    await allSent();
    expect(server.records().map((batch) => batch.length)).toEqual([1, 50, 22]);
    expect(raws()).toEqual(codes(73));
    expect(server.late).toBe(0);
  });

  it("repeats a lost answer with the same ids, and nothing is booked twice", async () => {
    server.faults = ["lose the answer"];
    await scan(tab, "C-1", "C-2");
    await allSent();
    const [first, second] = server.records();
    expect(second?.[0]?.clientId).toBe(first?.[0]?.clientId);
    expect(raws()).toEqual(["C-1", "C-2"]);
    expect((await tab.all())[0]?.verdict?.repeated).toBe(true);
  });

  for (const fault of ["down", "unreachable", "portal", "bug"] as const) {
    it(`keeps everything while the server is ${fault}, and goes on by itself`, async () => {
      server.always = fault;
      await scan(tab, "C-1", "C-2");
      await vi.waitFor(() => expect(server.records().length).toBeGreaterThan(0));
      expect(tab.state.unsynced.value).toBe(2);
      expect((await tab.all()).map(({ state }) => state)).toEqual(["KEPT", "KEPT"]);
      if (fault === "bug")
        await vi.waitFor(() => expect(tab.state.notice.value?.text).toBe("It is INTERNAL."));
      else await vi.waitFor(() => expect(tab.state.link.value).toBe("OFFLINE"));
      server.always = null;
      await allSent();
      expect(raws()).toEqual(["C-1", "C-2"]);
      expect(tab.state.link.value).toBe("ONLINE");
    });
  }

  it("keeps everything when the token opens nothing any more, and sends it once the person is back", async () => {
    server.always = "signed out";
    await scan(tab, "C-1");
    await vi.waitFor(() => expect(tab.state.link.value).toBe("SIGNED_OUT"));
    expect(await tab.acts.sendNow()).toMatch(/登录|[Ss]ign in/);
    expect(tab.state.unsynced.value).toBe(1);
    server.always = null;
    expect(await tab.acts.signIn("anna@demo", "secret", "test")).toBeNull();
    await allSent();
    expect(raws()).toEqual(["C-1"]);
    expect(tab.state.session.value?.id).toBe("session-1");
  });

  it("goes on after a reload in the middle of a request", async () => {
    server.faults = ["lose the answer"];
    server.always = "unreachable";
    await scan(tab, "C-1", "BAD-2", "C-3");
    await vi.waitFor(() => expect(raws()).toEqual(["C-1"]));
    await tab.close();
    const reloaded = await load();
    expect(reloaded.state.viewer.value?.name).toBe("anna");
    expect(reloaded.state.session.value?.id).toBe("session-1");
    expect(reloaded.state.walk.value?.number).toBe("L-0001");
    expect(reloaded.state.unsynced.value).toBe(3);
    expect(reloaded.state.pending.value.map(({ said }) => said.raw)).toEqual(["C-1", "BAD-2", "C-3"]);
    server.always = null;
    await reloaded.acts.sendNow();
    await allSent(reloaded);
    expect(raws()).toEqual(["C-1", "C-3"]);
    expect(server.late).toBe(0);
  });

  it("keeps problems over a reload until they are tapped away, oldest first", async () => {
    await scan(tab, "BAD-1", "BAD-2");
    await allSent();
    await tab.close();
    const reloaded = await load();
    expect(reloaded.state.problems.value.map(({ about }) => about)).toEqual(["BAD-1", "BAD-2"]);
    expect(await reloaded.acts.acknowledge()).toBeNull();
    expect(reloaded.state.problems.value.map(({ about }) => about)).toEqual(["BAD-2"]);
    await reloaded.close();
    const again = await load();
    expect(again.state.problems.value.map(({ about }) => about)).toEqual(["BAD-2"]);
  });

  it("hears on while an error waits, and the error stays", async () => {
    await scan(tab, "BAD-1");
    await allSent();
    await scan(tab, "C-2");
    await allSent();
    expect(tab.state.problems.value.map(({ about }) => about)).toEqual(["BAD-1"]);
    expect(tab.state.shown.value).toMatchObject({ feeling: "GOOD", about: "C-2" });
    expect(raws()).toEqual(["C-2"]);
  });

  it("makes a question wait for a tap only when the person had gone on before it came", async () => {
    await scan(tab, "ASK-1");
    await allSent();
    expect(tab.state.shown.value).toMatchObject({ feeling: "ASK", about: "ASK-1" });
    expect(tab.state.problems.value).toEqual([]);
    server.always = "unreachable";
    await scan(tab, "ASK-2", "C-3");
    server.always = null;
    await tab.acts.sendNow();
    await allSent();
    expect(tab.state.problems.value.map(({ about }) => about)).toEqual(["ASK-2"]);
    expect(tab.state.shown.value?.about).toBe("C-3");
  });

  for (const [name, navigator] of [
    ["by a Web Lock", globalThis.navigator],
    ["by a row, where there are no locks", { language: "en" }],
  ] as const) {
    it(`lets one tab send at a time ${name}, and the other one learns of it`, async () => {
      vi.stubGlobal("navigator", navigator);
      const other = await load();
      server.gate = new Promise((open) => setTimeout(open, 30));
      const both = codes(30).map((raw, index) => (index % 2 ? tab : other).acts.hear(scanned(raw)));
      await Promise.all(both);
      await Promise.all([allSent(tab), allSent(other)]);
      expect([...raws()].sort()).toEqual(codes(30).sort());
      expect(server.scans.size).toBe(30);
      expect(server.atOnceMost).toBe(1);
      expect(server.late).toBe(0);
      const sequences = server.booked.map(({ sequence }) => sequence);
      expect(sequences).toEqual([...sequences].sort((one, next) => one - next));
    });
  }

  it("succeeds a tab that died while it was its turn", async () => {
    const keep = await tab.keep();
    vi.stubGlobal("navigator", {});
    await keep.put("settings", { holder: "dead", until: Date.now() + 600 }, "turn");
    await scan(tab, "C-1");
    expect(server.records()).toHaveLength(0);
    await allSent();
    expect(raws()).toEqual(["C-1"]);
    expect(await keep.get("settings", "turn")).toBeUndefined();
  });

  it("brings the others when the server cannot take one of them", async () => {
    server.poison = "POISON";
    server.always = "unreachable";
    await scan(tab, "C-1", "C-2", "POISON", "C-4");
    await tab.acts.openLookUp();
    server.always = null;
    await tab.acts.sendNow();
    await vi.waitFor(() => expect(raws()).toEqual(["C-1", "C-2"]));
    expect(tab.state.unsynced.value).toBe(2);
    expect(tab.state.notice.value).toMatchObject({ tone: "problem", text: "It is BAD_REQUEST." });
    server.poison = null;
    await tab.acts.sendNow();
    await allSent();
    expect(raws()).toEqual(["C-1", "C-2", "POISON", "C-4"]);
  });

  it("is not stopped in one session by trouble in another", async () => {
    server.poison = "POISON";
    await scan(tab, "POISON");
    await vi.waitFor(() => expect(tab.state.notice.value).not.toBeNull());
    expect(await tab.acts.openLookUp()).toBeNull();
    await scan(tab, "C-2");
    await vi.waitFor(() => expect(raws()).toEqual(["C-2"]));
    expect(tab.state.unsynced.value).toBe(1);
  });

  it("keeps what may be permitted again, and says why it waits", async () => {
    server.faults = ["not permitted"];
    await scan(tab, "C-1");
    await vi.waitFor(() => expect(tab.state.notice.value?.text).toBe("You may not work here."));
    expect((await tab.all())[0]?.state).toBe("KEPT");
    await allSent();
    expect(raws()).toEqual(["C-1"]);
  });
});
