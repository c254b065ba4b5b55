import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { atWork, closeAll, load, newPhone, scanned, type Tab } from "./courier.phone";
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

describe("a session the server has forgotten", () => {
  it("is opened anew, and what was kept is booked there", async () => {
    server.always = "unreachable";
    await scan(tab, "C-1", "C-2");
    const lost = server.sessions.get("session-1");
    if (!lost) throw new Error("There is no session.");
    server.sessions.delete("session-1");
    server.sessions.set("session-9", { ...lost, id: "session-9", lastSequence: 40 });
    server.always = null;
    await tab.acts.sendNow();
    await allSent();
    expect(server.booked.map(({ raw, sequence }) => [raw, sequence])).toEqual([
      ["C-1", 41],
      ["C-2", 42],
    ]);
    expect(server.late).toBe(0);
    await vi.waitFor(() => expect(tab.state.session.value?.id).toBe("session-9"));
    await scan(tab, "C-3");
    await allSent();
    expect(raws()).toEqual(["C-1", "C-2", "C-3"]);
  });

  it("ends with a sentence for every entry when its work cannot be opened", async () => {
    server.always = "unreachable";
    await scan(tab, "C-1", "C-2");
    server.sessions.delete("session-1");
    server.always = null;
    await tab.acts.sendNow();
    await vi.waitFor(() => expect(tab.state.refused.value).toBe(2));
    expect(tab.state.unsynced.value).toBe(0);
    expect(tab.state.problems.value.map(({ message, about }) => [about, message])).toEqual([
      ["C-1", "No scan session of yours has that id."],
      ["C-2", "No scan session of yours has that id."],
    ]);
    expect(tab.state.history.value.map(({ state }) => state)).toEqual(["REFUSED", "REFUSED"]);
    expect(raws()).toEqual([]);
  });
});

describe("scans without an open job", () => {
  it("open one, and what follows goes there", async () => {
    await tab.acts.leave();
    expect(tab.state.session.value).toBeNull();
    let open = () => {};
    server.gate = new Promise((go) => {
      open = go;
    });
    await scan(tab, "T-0001", "C-2", "C-3");
    expect(tab.state.shown.value).toMatchObject({ feeling: "KEPT", about: "C-3" });
    open();
    await allSent();
    await vi.waitFor(() => expect(tab.state.session.value?.id).toBe("session-2"));
    expect(server.requests.find(({ name }) => name === "Record")?.variables.input).not.toHaveProperty(
      "sessionId",
    );
    expect(raws()).toEqual(["T-0001", "C-2", "C-3"]);
    expect(server.late).toBe(0);
    await scan(tab, "C-4");
    await allSent();
    expect(server.late).toBe(0);
    expect((await tab.all()).every(({ sessionId }) => sessionId === "session-2")).toBe(true);
  });

  it("that name nothing are refused one by one, with the server's sentence", async () => {
    await tab.acts.leave();
    server.always = "unreachable";
    await scan(tab, "NONSENSE", "T-0001");
    server.always = null;
    await tab.acts.sendNow();
    await allSent();
    expect(tab.state.problems.value.map(({ about }) => about)).toEqual(["NONSENSE"]);
    expect(raws()).toEqual(["T-0001"]);
  });
});

describe("several people on one phone", () => {
  it("have their own entries, which wait for them", async () => {
    server.always = "unreachable";
    await scan(tab, "ANNA-1");
    expect(await tab.acts.signOut()).toMatch(/1/);
    expect(tab.state.viewer.value?.name).toBe("anna");
    expect(await tab.acts.signOut()).toBeNull();
    expect(tab.state.viewer.value).toBeNull();
    expect(tab.state.session.value).toBeNull();
    expect([tab.state.unsynced.value, tab.state.othersUnsynced.value]).toEqual([0, 1]);

    server.always = null;
    expect(await tab.acts.signIn("ben@demo", "secret", "test")).toBeNull();
    expect(await tab.acts.openLookUp()).toBeNull();
    await scan(tab, "BEN-1");
    await allSent();
    expect(server.booked).toMatchObject([{ worker: "ben", raw: "BEN-1" }]);
    expect(tab.state.othersUnsynced.value).toBe(1);
    expect(tab.state.history.value.map(({ said }) => said.raw)).toEqual(["BEN-1"]);

    expect(await tab.acts.signOut(true)).toBeNull();
    expect(await tab.acts.signIn("anna@demo", "secret", "test")).toBeNull();
    await allSent();
    expect(server.booked).toMatchObject([{ worker: "ben" }, { worker: "anna", raw: "ANNA-1" }]);
    expect(tab.state.session.value?.id).toBe("session-1");
    expect(tab.state.othersUnsynced.value).toBe(0);
  });

  it("never send under each other's name, even when they change while a batch is on its way", async () => {
    let open = () => {};
    server.gate = new Promise((go) => {
      open = go;
    });
    await scan(tab, "ANNA-1", "ANNA-2");
    await vi.waitFor(() => expect(server.records()).toHaveLength(1));
    const leaving = tab.acts.signOut(true);
    open();
    expect(await leaving).toBeNull();
    expect(await tab.acts.signIn("ben@demo", "secret", "test")).toBeNull();
    await vi.waitFor(async () => expect((await tab.all())[0]?.state).toBe("ANSWERED"));
    expect(server.booked.every(({ worker, raw }) => raw.toLowerCase().startsWith(worker))).toBe(true);
    expect((await tab.all()).some(({ verdict }) => verdict?.outcome === "NOT_YOURS")).toBe(false);
    expect(tab.state.othersUnsynced.value).toBe(1);
  });

  it("signs a stranger in from nothing, and says when name or password is wrong", async () => {
    newPhone(server);
    const fresh = await load();
    expect(fresh.state.viewer.value).toBeNull();
    expect(await fresh.acts.signIn("eve@demo", "guess", "test")).toBe("Name or password is wrong.");
    expect(await fresh.acts.hear(scanned("C-1"))).toMatch(/登录|[Ss]ign/);
    expect(await fresh.all()).toEqual([]);
  });
});

describe("what a person does", () => {
  it("carries the server's time, not this phone's", async () => {
    server.clockAheadMs = 3_600_000;
    await tab.acts.refreshJobs();
    await scan(tab, "C-1");
    const entry = (await tab.all())[0];
    expect(Date.parse(entry?.recordedAt ?? "") - Date.now()).toBeGreaterThan(3_590_000);
  });

  it("is asked about when a camera read a trade number that is not expected", async () => {
    const camera = { source: "CAMERA", symbology: "EAN13" } as const;
    await tab.acts.hear(scanned("4006381333931", camera));
    await tab.acts.hear(scanned("B-A01-01-1-L", { source: "CAMERA", symbology: "Code128" }));
    await tab.acts.hear(scanned("4006381333931", { source: "WEDGE", symbology: "EAN13" }));
    await allSent();
    const doubts = server
      .records()
      .flat()
      .map(({ doubtful }) => doubtful ?? false);
    expect(doubts).toEqual([true, false, false]);
  });

  it("never keeps a pairing code, nor a number that is none", async () => {
    expect(await tab.acts.hear(scanned("https://pick.example.com/app/#pair=secret"))).not.toBeNull();
    expect(await tab.acts.hear(scanned("pickmesh:pair:secret"))).not.toBeNull();
    expect(await tab.acts.say({ kind: "QUANTITY", quantity: 1.5 })).not.toBeNull();
    expect(await tab.acts.say({ kind: "WEIGHT", weightG: 0 })).not.toBeNull();
    expect(await tab.all()).toEqual([]);
  });

  it("answers a question by its id", async () => {
    await scan(tab, "ASK-1");
    await allSent();
    const asked = tab.state.shown.value?.clientId ?? "";
    expect(await tab.acts.say({ kind: "LOT", lot: { code: "L1" }, answers: asked })).toBeNull();
    await allSent();
    expect(server.records().at(-1)?.[0]).toMatchObject({ kind: "LOT", answers: asked, lot: { code: "L1" } });
  });

  it("goes on with a known list without network, and says so for an unknown one", async () => {
    await tab.acts.leave();
    server.always = "unreachable";
    expect(await tab.acts.openList("list-1")).toBeNull();
    expect(tab.state.session.value?.id).toBe("session-1");
    expect(await tab.acts.openList("list-7")).not.toBeNull();
    expect(await tab.acts.takeNext()).not.toBeNull();
    expect(tab.state.busy.value).toBe(false);
  });

  it("ends a session only when everything of it is sent", async () => {
    server.always = "unreachable";
    await scan(tab, "C-1");
    expect(await tab.acts.finish()).toMatch(/1/);
    expect(tab.state.session.value).not.toBeNull();
    server.always = null;
    expect(await tab.acts.finish()).toBeNull();
    expect(tab.state.session.value).toBeNull();
    expect(raws()).toEqual(["C-1"]);
    expect(await tab.acts.openList("list-7")).toBeNull();
  });
});
