import { afterEach, beforeEach, describe, expect, it } from "vitest";

import {
  allSent,
  atWork,
  closeAll,
  goOnUntil,
  load,
  newPhone,
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
    await allSent(tab);
    expect(server.booked.map(({ raw, sequence }) => [raw, sequence])).toEqual([
      ["C-1", 41],
      ["C-2", 42],
    ]);
    expect(server.late).toBe(0);
    await until(() => expect(tab.state.session.value?.id).toBe("session-9"));
    await scan(tab, "C-3");
    await allSent(tab);
    expect(raws()).toEqual(["C-1", "C-2", "C-3"]);
  });

  it("ends with a sentence for every entry when its work cannot be opened", async () => {
    server.always = "unreachable";
    await scan(tab, "C-1", "C-2");
    server.sessions.delete("session-1");
    server.always = null;
    await tab.acts.sendNow();
    await goOnUntil(() => expect(tab.state.refused.value).toBe(2));
    expect(tab.state.unsynced.value).toBe(0);
    await until(() =>
      expect(tab.state.history.value.map(({ state }) => state)).toEqual(["REFUSED", "REFUSED"]),
    );
    expect(tab.state.problems.value.map(({ message, about }) => [about, message])).toEqual([
      ["C-1", "No scan session of yours has that id."],
      ["C-2", "No scan session of yours has that id."],
    ]);
    expect(raws()).toEqual([]);
  });
});

describe("scans without an open job", () => {
  it("open one, and what follows goes there", async () => {
    await tab.acts.leave();
    expect(tab.state.session.value).toBeNull();
    const open = server.hold();
    await scan(tab, "T-0001");
    await until(() => expect(server.records()).toHaveLength(1));
    await scan(tab, "C-2", "C-3");
    expect(tab.state.shown.value).toMatchObject({ feeling: "KEPT", about: "C-3" });
    open();
    await allSent(tab);
    await until(() => expect(tab.state.session.value?.id).toBe("session-2"));
    expect(server.requests.find(({ name }) => name === "Record")?.variables.input).not.toHaveProperty(
      "sessionId",
    );
    expect(raws()).toEqual(["T-0001", "C-2", "C-3"]);
    expect(server.late).toBe(0);
    await scan(tab, "C-4");
    await allSent(tab);
    expect(server.late).toBe(0);
    expect((await tab.all()).every(({ sessionId }) => sessionId === "session-2")).toBe(true);
  });

  it("that name nothing are refused one by one, with the server's sentence", async () => {
    await tab.acts.leave();
    server.always = "unreachable";
    await scan(tab, "NONSENSE", "T-0001");
    server.always = null;
    await tab.acts.sendNow();
    await allSent(tab);
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
    await allSent(tab);
    expect(server.booked).toMatchObject([{ worker: "ben", raw: "BEN-1" }]);
    expect(tab.state.othersUnsynced.value).toBe(1);
    expect(tab.state.history.value.map(({ said }) => said.raw)).toEqual(["BEN-1"]);

    expect(await tab.acts.signOut(true)).toBeNull();
    expect(await tab.acts.signIn("anna@demo", "secret", "test")).toBeNull();
    await allSent(tab);
    expect(server.booked).toMatchObject([{ worker: "ben" }, { worker: "anna", raw: "ANNA-1" }]);
    expect(tab.state.session.value?.id).toBe("session-1");
    expect(tab.state.othersUnsynced.value).toBe(0);
  });

  it("never send under each other's name, even when they change while a batch is on its way", async () => {
    const open = server.hold();
    await scan(tab, "ANNA-1");
    await until(() => expect(server.records()).toHaveLength(1)); // ANNA-2 cannot be in it any more
    await scan(tab, "ANNA-2");
    expect(await tab.acts.signOut(true)).toBeNull();
    expect(await tab.acts.signIn("ben@demo", "secret", "test")).toBeNull();
    expect([tab.state.unsynced.value, tab.state.othersUnsynced.value]).toEqual([0, 2]);
    expect(await tab.acts.openLookUp()).toBeNull();
    await scan(tab, "BEN-1");
    open();
    await allSent(tab);
    await until(() => expect(tab.state.othersUnsynced.value).toBe(1));
    expect(server.booked).toMatchObject([
      { worker: "anna", raw: "ANNA-1" },
      { worker: "ben", raw: "BEN-1" },
    ]);
    expect((await tab.all()).map(({ state }) => state)).toEqual(["ANSWERED", "KEPT", "ANSWERED"]);

    expect(await tab.acts.signOut(true)).toBeNull();
    expect(await tab.acts.signIn("anna@demo", "secret", "test")).toBeNull();
    await allSent(tab);
    expect(server.booked.at(-1)).toMatchObject({ worker: "anna", raw: "ANNA-2" });
    expect((await tab.all()).some(({ verdict }) => verdict?.outcome === "NOT_YOURS")).toBe(false);
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
    await allSent(tab);
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
    await allSent(tab);
    const asked = tab.state.shown.value?.clientId ?? "";
    expect(await tab.acts.say({ kind: "LOT", lot: { code: "L1" }, answers: asked })).toBeNull();
    await allSent(tab);
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
