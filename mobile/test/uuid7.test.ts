import { describe, expect, it } from "vitest";

import { uuid7 } from "../src/desk/uuid7";

describe("uuid7", () => {
  it("is a version 7 UUID of its moment", () => {
    const id = uuid7(4_000_000_000_000);
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16)).toBe(4_000_000_000_000);
  });

  it("rises within a millisecond, over many, and when the clock is set back", () => {
    const at = 5_000_000_000_000;
    const made = [
      ...Array.from({ length: 10_000 }, () => uuid7(at)),
      uuid7(at - 60_000),
      uuid7(at + 10_000),
      uuid7(at + 10_000),
    ];
    expect([...made].sort()).toEqual(made);
    expect(new Set(made).size).toBe(made.length);
  });
});
