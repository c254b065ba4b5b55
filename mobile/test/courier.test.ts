import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { TIMEOUT_MS } from "../src/api/client";
import { BATCH_MAX, WAITS_MS } from "../src/desk/courier";
import { TURN_MS } from "../src/desk/turn";
import { Locks } from "./courier.locks";
import {
  allSent,
  atWork,
  closeAll,
  goOnUntil,
  later,
  load,
  scan,
  scanned,
  type Tab,
  until,
} from "./courier.phone";
import { Server } from "./courier.server";

let server: Server;
let tab: Tab;

beforeEach(async () => {
  server = new Server();
  tab = await atWork(server);
});
afterEach(closeAll);

const raws = (): string[] => server.booked.map(({ raw }) => raw);
const codes = (count: number, from = 1) => Array.from({ length: count }, (_, index) => `C-${index + from}`);

describe("the courier", () => {
  it("keeps first, then sends, then shows the server's verdict", async () => {
    const open = server.hold();
    expect(await tab.acts.hear(scanned("C-1"))).toBeNull();
    expect((await tab.all())[0]).toMatchObject({ state: "KEPT", sessionId: "session-1", sequence: 1 });
    expect(tab.state.shown.value).toMatchObject({ feeling: "KEPT", outcome: null, about: "C-1" });
    expect(tab.state.unsynced.value).toBe(1);
    open();
    await allSent(tab);
    expect(tab.state.shown.value).toMatchObject({ feeling: "GOOD", outcome: "ACCEPTED" });
    expect(tab.state.history.value.map(({ state }) => state)).toEqual(["ANSWERED"]);
    expect(raws()).toEqual(["C-1"]);
  });

  it("sends what came in meanwhile together, in order, at most fifty at once", async () => {
    const open = server.hold();
    await scan(tab, "C-1");
    await until(() => expect(server.records()).toHaveLength(1)); // with what comes now it has nothing to do
    await scan(tab, ...codes(72, 2));
    open();
    await allSent(tab);
    expect(server.records().map((batch) => batch.length)).toEqual([1, BATCH_MAX, 22]);
    expect(raws()).toEqual(codes(73));
    expect(server.late).toBe(0);
  });

  it("repeats a lost answer with the same ids, and nothing is booked twice", async () => {
    server.faults = ["lose the answer"];
    await scan(tab, "C-1", "C-2");
    await allSent(tab);
    const [first, second] = server.records();
    expect(second?.[0]?.clientId).toBe(first?.[0]?.clientId);
    expect(raws()).toEqual(["C-1", "C-2"]);
    expect((await tab.all())[0]?.verdict?.repeated).toBe(true);
  });

  for (const fault of ["down", "unreachable", "portal", "bug"] as const) {
    it(`keeps everything while the server is ${fault}, and goes on by itself`, async () => {
      server.always = fault;
      await scan(tab, "C-1", "C-2");
      await until(() => expect(server.records().length).toBeGreaterThan(0));
      expect(tab.state.unsynced.value).toBe(2);
      expect((await tab.all()).map(({ state }) => state)).toEqual(["KEPT", "KEPT"]);
      if (fault === "bug") await until(() => expect(tab.state.notice.value?.text).toBe("It is INTERNAL."));
      else await until(() => expect(tab.state.link.value).toBe("OFFLINE"));
      server.always = null;
      await allSent(tab);
      expect(raws()).toEqual(["C-1", "C-2"]);
      expect(tab.state.link.value).toBe("ONLINE");
    });
  }

  it("waits longer each time, at most fifteen seconds, and begins anew once it is answered", async () => {
    const waits = vi.spyOn(globalThis, "setTimeout");
    const courierWaits = () =>
      waits.mock.calls.map(([, wait]) => wait ?? 0).filter((wait) => wait !== TIMEOUT_MS);
    server.always = "unreachable";
    await scan(tab, "C-1");
    for (let time = 1; time <= WAITS_MS.length + 1; time += 1) {
      await until(() => expect(courierWaits()).toHaveLength(time));
      expect(server.records()).toHaveLength(time);
      const [wait = 0, most = 0] = [courierWaits()[time - 1], WAITS_MS[time - 1] ?? 15_000];
      expect(wait).toBeLessThanOrEqual(most);
      expect(wait).toBeGreaterThanOrEqual(most * 0.75);
      vi.advanceTimersByTime(Math.floor(wait) - 2);
      expect(vi.getTimerCount()).toBe(1); // it is not tried before its time
      if (time > WAITS_MS.length) server.always = null;
      vi.advanceTimersByTime(4);
    }
    await allSent(tab);
    server.always = "unreachable";
    waits.mockClear();
    await scan(tab, "C-2");
    await until(() => expect(courierWaits()).toHaveLength(1));
    expect(courierWaits()[0]).toBeLessThanOrEqual(1_000);
  });

  it("keeps everything when the token opens nothing any more, and sends it once the person is back", async () => {
    server.always = "signed out";
    await scan(tab, "C-1");
    await until(() => expect(tab.state.link.value).toBe("SIGNED_OUT"));
    expect(await tab.acts.sendNow()).toMatch(/登录|[Ss]ign in/);
    expect(tab.state.unsynced.value).toBe(1);
    server.always = null;
    expect(await tab.acts.signIn("anna@demo", "secret", "test")).toBeNull();
    await allSent(tab);
    expect(raws()).toEqual(["C-1"]);
    expect(tab.state.session.value?.id).toBe("session-1");
  });

  it("goes on after a reload in the middle of a request", async () => {
    server.faults = ["lose the answer"];
    server.always = "unreachable";
    await scan(tab, "C-1");
    await until(() => expect(raws()).toEqual(["C-1"]));
    await scan(tab, "BAD-2", "C-3");
    await tab.close();
    const reloaded = await load();
    expect(reloaded.state.viewer.value?.name).toBe("anna");
    expect(reloaded.state.session.value?.id).toBe("session-1");
    expect(reloaded.state.walk.value?.number).toBe("L-0001");
    expect(reloaded.state.unsynced.value).toBe(3);
    expect(reloaded.state.pending.value.map(({ said }) => said.raw)).toEqual(["C-1", "BAD-2", "C-3"]);
    server.always = null;
    later(TURN_MS + 1); // the tab that died may have had its turn
    const sent = reloaded.acts.sendNow();
    await allSent(reloaded);
    await sent;
    expect(raws()).toEqual(["C-1", "C-3"]);
    expect(server.late).toBe(0);
  });

  it("keeps problems over a reload until they are tapped away, oldest first", async () => {
    await scan(tab, "BAD-1", "BAD-2");
    await allSent(tab);
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
    await allSent(tab);
    await scan(tab, "C-2");
    await allSent(tab);
    expect(tab.state.problems.value.map(({ about }) => about)).toEqual(["BAD-1"]);
    expect(tab.state.shown.value).toMatchObject({ feeling: "GOOD", about: "C-2" });
    expect(raws()).toEqual(["C-2"]);
  });

  it("makes a question wait for a tap only when the person had gone on before it came", async () => {
    await scan(tab, "ASK-1");
    await allSent(tab);
    expect(tab.state.shown.value).toMatchObject({ feeling: "ASK", about: "ASK-1" });
    expect(tab.state.problems.value).toEqual([]);
    server.always = "unreachable";
    await scan(tab, "ASK-2", "C-3");
    server.always = null;
    await tab.acts.sendNow();
    await allSent(tab);
    expect(tab.state.problems.value.map(({ about }) => about)).toEqual(["ASK-2"]);
    expect(tab.state.shown.value?.about).toBe("C-3");
  });

  const locks = new Locks();
  const otherWaits = {
    "by a Web Lock": () => expect(locks.inLine).toBe(2),
    // One waits for its answer, the other one to look again.
    "by a row, where there are no locks": () => expect(vi.getTimerCount()).toBe(2),
  };
  for (const [name, isWaiting] of Object.entries(otherWaits)) {
    it(`lets one tab send at a time ${name}, and the other one learns of it`, async () => {
      vi.stubGlobal("navigator", name === "by a Web Lock" ? { language: "en", locks } : { language: "en" });
      const other = await load();
      await until(() => expect(vi.getTimerCount() + locks.inLine).toBe(0)); // it has nothing to send yet
      const open = server.hold();
      const both = codes(30).map((raw, index) => (index % 2 ? tab : other).acts.hear(scanned(raw)));
      await Promise.all(both);
      await until(() => expect(server.records()).toHaveLength(1));
      await until(isWaiting);
      open();
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
    for (const wait of [300, 299]) {
      await until(() => expect(vi.getTimerCount()).toBe(1)); // it has looked, and will look again
      later(wait);
      vi.runOnlyPendingTimers();
    }
    await until(() => expect(vi.getTimerCount()).toBe(1));
    expect(server.records()).toHaveLength(0);
    later(1);
    await allSent(tab);
    expect(raws()).toEqual(["C-1"]);
    await until(async () => expect(await keep.get("settings", "turn")).toBeUndefined());
  });

  it("brings the others when the server cannot take one of them", async () => {
    server.poison = "POISON";
    server.always = "unreachable";
    await scan(tab, "C-1", "C-2", "POISON", "C-4");
    await tab.acts.openLookUp();
    server.always = null;
    await tab.acts.sendNow();
    await goOnUntil(() => expect(raws()).toEqual(["C-1", "C-2"]));
    await goOnUntil(() => expect(tab.state.unsynced.value).toBe(2));
    const notice = { tone: "problem", text: "It is BAD_REQUEST." };
    await goOnUntil(() => expect(tab.state.notice.value).toMatchObject(notice));
    server.poison = null;
    await tab.acts.sendNow();
    await allSent(tab);
    expect(raws()).toEqual(["C-1", "C-2", "POISON", "C-4"]);
  });

  it("is not stopped in one session by trouble in another", async () => {
    server.poison = "POISON";
    await scan(tab, "POISON");
    await until(() => expect(tab.state.notice.value).not.toBeNull());
    expect(await tab.acts.openLookUp()).toBeNull();
    await scan(tab, "C-2");
    await until(() => expect(raws()).toEqual(["C-2"]));
    await until(() => expect(tab.state.unsynced.value).toBe(1));
  });

  it("keeps what may be permitted again, and says why it waits", async () => {
    server.faults = ["not permitted"];
    await scan(tab, "C-1");
    await until(() => expect(tab.state.notice.value?.text).toBe("You may not work here."));
    expect((await tab.all())[0]?.state).toBe("KEPT");
    await allSent(tab);
    expect(raws()).toEqual(["C-1"]);
  });
});
