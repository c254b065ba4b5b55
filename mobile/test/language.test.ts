import { describe, expect, it } from "vitest";
import { fill, language, named, t, tables } from "../src/language";

function placeholders(text: string): string[] {
  const names = [...text.matchAll(/\{(\w+)(?:\|[^}]*)?\}/g)].map((match) => match[1] ?? "");
  return [...new Set(names)].sort();
}

describe("the tables", () => {
  it("have the same keys", () => {
    expect(Object.keys(tables["zh-CN"]).sort()).toEqual(Object.keys(tables.en).sort());
  });

  it.each(Object.entries(tables.en))("%s takes the same words in both", (key, english) => {
    const chinese = tables["zh-CN"][key as keyof typeof tables.en];
    expect(placeholders(chinese)).toEqual(placeholders(english));
  });

  it("leave nothing empty and no English sentence in Chinese", () => {
    for (const [key, text] of Object.entries(tables["zh-CN"])) {
      expect(text.trim(), key).not.toBe("");
      if (key !== "app.name") expect(text, key).toMatch(/[\u4e00-\u9fff]|^\{/);
    }
  });
});

describe("saying a sentence", () => {
  it("puts words in, and follows the language at once", () => {
    language.value = "en";
    expect(t("unsynced.some", { n: 3 })).toBe("3 kept on this phone, not yet booked");
    language.value = "zh-CN";
    expect(t("unsynced.some", { n: 3 })).toBe("3 条存在本机，尚未入账");
  });

  it("chooses between one and many", () => {
    expect(fill("{n} {n|piece|pieces}", { n: 1 })).toBe("1 piece");
    expect(fill("{n} {n|piece|pieces}", { n: 2 })).toBe("2 pieces");
    expect(fill("{n} {n|piece|pieces}", { n: 0 })).toBe("0 pieces");
  });

  it("prefers the name in the language of the screen and never shows none", () => {
    language.value = "en";
    expect(named("杯子", "Mug")).toBe("Mug");
    expect(named("杯子", "")).toBe("杯子");
    language.value = "zh-CN";
    expect(named("杯子", "Mug")).toBe("杯子");
  });
});
