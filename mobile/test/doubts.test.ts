import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { DoubtFragment } from "../src/api/generated";
import { doubtsIn } from "../src/desk/doubts";
import { closeAll, load, newPhone, type Tab } from "./courier.phone";
import { Server } from "./courier.server";

function doubt(id: string, state: "UNSURE" | "FAILED", parcel: Partial<DoubtFragment["parcel"]> = {}) {
  const known = { id: `p-${id}`, number: `P-${id}`, state: "SEALED" as const, printJobs: [{ id }] };
  return { id, state, lastError: null, parcel: { ...known, ...parcel } };
}

it("a label that failed is told until another was printed for its parcel or the parcel is gone", () => {
  const printedSince = doubt("2", "FAILED", { printJobs: [{ id: "2" }, { id: "9" }] });
  const gone = doubt("3", "FAILED", { state: "SHIPPED" });
  const told = doubtsIn({
    unsure: [doubt("1", "UNSURE", { state: "SHIPPED" })],
    failed: [printedSince, gone, doubt("4", "FAILED")],
  });
  expect(told.map(({ id }) => id)).toEqual(["1", "4"]);
});

describe("at a bench", () => {
  let server: Server;
  let tab: Tab;

  beforeEach(async () => {
    server = new Server();
    server.prints = [
      { id: "1", state: "UNSURE" },
      { id: "2", state: "UNSURE" },
      { id: "3", state: "PRINTED" },
    ];
    newPhone(server);
    tab = await load();
    expect(await tab.acts.signIn("anna@demo", "secret", "test")).toBeNull();
  });
  afterEach(closeAll);

  it("what was seen of an unsure label is told, and it is in doubt no more", async () => {
    const { refreshDoubts } = await import("../src/desk/doubts");
    await refreshDoubts();
    expect(tab.state.doubts.value).toEqual([]); // no bench is chosen
    await tab.acts.chooseStation("bench-1");
    await refreshDoubts();
    const [first, second] = tab.state.doubts.value;
    if (!first || !second) throw new Error("two labels are in doubt");
    expect(await tab.acts.settleLabel(first, true)).toBeNull();
    expect(tab.state.doubts.value.map(({ id }) => id)).toEqual(["2"]);
    expect(await tab.acts.settleLabel(second, false)).toBeNull();
    expect(tab.state.doubts.value).toEqual([]);
    expect(server.prints.map(({ state }) => state)).toEqual(["PRINTED", "QUEUED", "PRINTED"]);
  });

  it("without network what is in doubt stays on the screen", async () => {
    const { refreshDoubts } = await import("../src/desk/doubts");
    await tab.acts.chooseStation("bench-1");
    await refreshDoubts();
    server.always = "unreachable";
    const [first] = tab.state.doubts.value;
    if (!first) throw new Error("a label is in doubt");
    expect(await tab.acts.settleLabel(first, true)).toMatch(/./);
    await refreshDoubts();
    expect(tab.state.doubts.value).toHaveLength(2);
  });
});
