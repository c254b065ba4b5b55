import { describe, expect, it } from "vitest";
import { goalOf } from "../src/parts/goal";
import { line, nextOf, session } from "./courier.shapes";

const asked = line({ quantity: 5 });
const open = session({ step: "PUT", next: nextOf(asked, "T-0011") });

describe("the tote an instruction names", () => {
  it("is the one the server asked for", () => {
    expect(goalOf(open, "PUT", asked, true)?.code).toBe("T-0011");
    expect(goalOf(open, "ITEM", asked, true)?.tote).toBe("T-0011");
  });

  it("is unknown once a share of a line for several orders has gone into it, for the next may be another's", () => {
    const onward = { ...asked, pickedQuantity: 1 };
    expect(goalOf(open, "PUT", onward, true)?.code).toBeNull();
    expect(goalOf(open, "ITEM", onward, true)).toMatchObject({ tote: null, order: null, left: 4 });
  });

  it("stays where a list has one tote, and is unknown on a line this phone has gone on to", () => {
    const onward = { ...asked, pickedQuantity: 1 };
    expect(goalOf(open, "ITEM", onward)?.tote).toBe("T-0011");
    expect(goalOf(open, "ITEM", line({ id: "line-2", sku: "SKU-2" }))?.tote).toBeNull();
  });
});
