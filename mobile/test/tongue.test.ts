import { afterEach, beforeEach, expect, it } from "vitest";

import { atWork, closeAll, later, load, type Tab, until } from "./courier.phone";
import { Server } from "./courier.server";

let server: Server;
let tab: Tab;

beforeEach(async () => {
  server = new Server();
  server.speaks = { en: "Go to A-01.", "zh-CN": "请去 A-01。" };
  tab = await atWork(server);
});
afterEach(closeAll);

async function choose(language: "en" | "zh-CN"): Promise<void> {
  (await import("../src/language")).chooseLanguage(language);
}

function instruction(): string | undefined {
  return tab.state.session.value?.instruction;
}

it("the open work is told in the language that was chosen while it is open", async () => {
  await choose("zh-CN");
  await until(() => expect(instruction()).toBe("请去 A-01。"));
  await choose("en");
  await until(() => expect(instruction()).toBe("Go to A-01."));
});

it("a language chosen without network is spoken as soon as there is one", async () => {
  server.always = "unreachable";
  await tab.acts.refreshJobs();
  await choose("zh-CN");
  server.always = null;
  await tab.acts.takeNext(); // whatever is asked first shows that the server is there again
  await until(() => expect(instruction()).toBe("请去 A-01。"));
});

it("after a reload in another language what was kept is told anew", async () => {
  await choose("zh-CN");
  await until(() => expect(instruction()).toBe("请去 A-01。"));
  await tab.close();
  later(60_000);
  tab = await load(); // nothing in memory: the browser's own language, English, again
  await until(() => expect(instruction()).toBe("Go to A-01."));
});

it("what is told of a list goes when another one is opened, and not before", async () => {
  const { state, house } = tab;
  const kept = await (await tab.keep()).get("sessions", "session-1");
  if (!kept) throw new Error("the session is kept");
  state.notice.value = { tone: "problem", text: "List L-0001 was cancelled.", list: "list-1" };
  await house.show(kept);
  expect(state.notice.value).not.toBeNull();
  state.notice.value = { tone: "problem", text: "List L-0000 was cancelled.", list: "list-0" };
  await house.show(kept);
  expect(state.notice.value).toBeNull();
});
