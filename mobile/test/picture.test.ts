import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { configure } from "../src/api/client";
import { fitted, meant, readPicture, saidBy } from "../src/capture/picture";
import { language } from "../src/language";

const EAN = {
  text: "6901234567892",
  rawBase64: null,
  symbology: "EAN-13",
  identifier: "]E0",
  doubtful: true,
};

beforeEach(() => {
  language.value = "en";
});

afterEach(() => {
  vi.unstubAllGlobals();
  configure({ token: null });
});

describe("what the server read in a picture", () => {
  it("is heard as it came, doubts included, and all of it is offered", () => {
    const label = { text: "B-A01-02-3-K", symbology: "Code 128", identifier: "]C0", doubtful: false };
    expect(saidBy({ barcodes: [EAN, label] })).toEqual([
      { raw: "6901234567892", source: "PICTURE", symbology: "]E0", doubtful: true },
      { raw: "B-A01-02-3-K", source: "PICTURE", symbology: "]C0" },
    ]);
  });

  it("means the expected code where there are several", () => {
    const heard = [
      { raw: "6901234567892", source: "PICTURE" as const },
      { raw: "B-1-X", source: "PICTURE" as const },
    ];
    expect(meant(heard, ["B-1-X", "B-2-Y"])).toEqual([heard[1]]);
    expect(meant(heard, ["B-2-Y"])).toEqual(heard);
  });

  it("is a sentence when it is nothing: the server's own, or ours", () => {
    expect(saidBy({ barcodes: [], message: "Come closer." })).toBe("Come closer.");
    expect(saidBy({ barcodes: [] })).toBe("Nothing could be read in this picture.");
  });

  it("is the server's refusal when it took no picture", () => {
    expect(saidBy({ errors: [{ message: "That is no picture.", extensions: { code: "NO_PICTURE" } }] })).toBe(
      "That is no picture.",
    );
  });
});

describe("sending a picture", () => {
  /** The network, which is outside: it notes what is sent and answers as told. */
  function network(answer: () => Promise<Response>): Request[] {
    const sent: Request[] = [];
    vi.stubGlobal("fetch", (path: string, init: RequestInit) => {
      sent.push(new Request(`http://phone${path}`, init));
      return answer();
    });
    return sent;
  }

  it("tells who asks, in which language, and what is expected", async () => {
    const sent = network(async () => Response.json({ barcodes: [EAN] }));
    configure({ token: "secret" });
    await readPicture(new Blob(["picture"]), ["6901234567892", "B-A01-02-3-K"]);
    const [request] = sent;
    expect(request?.method).toBe("POST");
    expect(request?.url).toBe("http://phone/scan");
    expect(request?.headers.get("authorization")).toBe("Bearer secret");
    expect(request?.headers.get("accept-language")).toBe("en");
    const form = await request?.formData();
    expect(form?.getAll("accept")).toEqual(["6901234567892", "B-A01-02-3-K"]);
    expect(form?.get("image")).toBeInstanceOf(Blob);
  });

  it("is a sentence when nobody answers, when it is not the server, and when the phone is signed out", async () => {
    network(async () => Promise.reject(new TypeError("no route")));
    expect(await readPicture(new Blob(["picture"]), [])).toBe(
      "There is no connection. Try again when there is one.",
    );
    network(async () => new Response("<html>hotel</html>"));
    expect(await readPicture(new Blob(["picture"]), [])).toContain("did not answer as it should");
    network(async () => new Response("", { status: 401 }));
    expect(await readPicture(new Blob(["picture"]), [])).toBe("You are signed out. Sign in again.");
  });
});

it("a picture is made smaller and never larger", () => {
  expect(fitted(4000, 3000)).toEqual({ width: 1600, height: 1200 });
  expect(fitted(3000, 4000)).toEqual({ width: 1200, height: 1600 });
  expect(fitted(800, 600)).toEqual({ width: 800, height: 600 });
});
