import { afterEach, beforeEach, expect, it } from "vitest";

import { allSent, atWork, closeAll, pass, scan, scanned, type Tab } from "./courier.phone";
import { Server } from "./courier.server";

/** More turns than any reading of what is kept takes: whatever can come in between comes in between once. */
const TURNS = 40;

let server: Server;
let tab: Tab;

beforeEach(async () => {
  server = new Server();
  tab = await atWork(server);
});
afterEach(closeAll);

it("what is kept while the screen is read anew stays on it, whenever it comes", async () => {
  server.always = "unreachable";
  await scan(tab, "FIRST");
  const all = ["FIRST"];
  for (let turn = 0; turn < TURNS; turn += 1) {
    const reading = tab.house.reload();
    await pass(turn);
    await scan(tab, `C-${turn}`);
    await reading;
    all.push(`C-${turn}`);
    expect(tab.state.shown.value?.about).toBe(`C-${turn}`);
    expect(tab.state.pending.value.map(({ said }) => said.raw)).toEqual(all);
    expect(tab.state.history.value.map(({ said }) => said.raw)).toEqual([...all].reverse());
    expect(tab.state.unsynced.value).toBe(all.length);
  }
});

it("whoever comes or goes while it is counted, the numbers are the last one's", async () => {
  const { house, state } = tab;
  server.always = "unreachable";
  await scan(tab, "C-1");
  const anna = house.whose();
  for (let turn = 0; turn < TURNS; turn += 1) {
    for (const [who, numbers] of [
      [null, [0, 1]],
      [anna, [1, 0]],
    ] as const) {
      const before = house.recount();
      await pass(turn);
      house.belongTo(who);
      await Promise.all([house.recount(), before]);
      expect([state.unsynced.value, state.othersUnsynced.value]).toEqual(numbers);
    }
  }
  server.always = null;
  expect(await tab.acts.hear(scanned("C-2"))).toBeNull();
  await allSent(tab);
});
