import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const CSS = readFileSync(new URL("../src/styles/colours.css", import.meta.url), "utf8");
const TEXT_MIN = 4.5;

/** The custom properties of every rule whose selector names the theme, or no theme at all. */
function colours(theme: "light" | "dark"): Map<string, string> {
  const found = new Map<string, string>();
  for (const [, selector = "", body = ""] of CSS.replace(/\/\*.*?\*\//gs, "").matchAll(
    /([^{}]+)\{([^}]*)\}/g,
  )) {
    if (!selector.split(",").some((each) => each.trim() === ":root" || each.includes(`"${theme}"`))) continue;
    for (const [, name = "", value = ""] of body.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})/g))
      found.set(name, value);
  }
  return found;
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [high = 0, low = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}

describe.each(["light", "dark"] as const)("the %s colours", (theme) => {
  const all = colours(theme);

  it("can be read: every text on its ground", () => {
    const texts = [...all.keys()].filter((name) => /(^|-)on-/.test(name));
    expect(texts.length).toBeGreaterThan(15);
    for (const name of texts) {
      const ground = all.get(name.replace(/^(faint-)?on-/, ""));
      expect(ground, name).toBeDefined();
      expect(contrast(all.get(name) ?? "", ground ?? ""), name).toBeGreaterThanOrEqual(TEXT_MIN);
    }
  });

  it("can be read: coloured words on cards and on the page", () => {
    for (const name of ["warning-text", "good-text", "faint-on-card"]) {
      for (const ground of ["card", "page"]) {
        expect(
          contrast(all.get(name) ?? "", all.get(ground) ?? ""),
          `${name} ${ground}`,
        ).toBeGreaterThanOrEqual(TEXT_MIN);
      }
    }
  });

  it("show edges and the focus by at least 3 to 1", () => {
    for (const name of ["edge", "kept-edge", "focus", "main"]) {
      expect(contrast(all.get(name) ?? "", all.get("card") ?? ""), name).toBeGreaterThanOrEqual(3);
    }
  });
});
