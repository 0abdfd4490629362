import { describe, expect, test } from "vitest";

import { en } from "../src/texts/en";
import { zh } from "../src/texts/zh";
import { dial, inWords, NO_BREAK, signed } from "../src/time/durations";
import { shortDay, timeOfDay } from "../src/time/moments";

/** As it is read: a space that does not break is one as well. */
const said = (words: string) => words.replaceAll(NO_BREAK, " ");

describe("durations", () => {
  test.each([
    [0, "0:00"],
    [9.9, "0:09"],
    [453, "7:33"],
    [3599, "59:59"],
    [3600, "1:00:00"],
    [36_610, "10:10:10"],
    [-5, "0:00"],
  ])("the dial shows %d s as %s", (seconds, shown) => {
    expect(dial(seconds)).toBe(shown);
  });

  test.each([
    [453, "exact", "7 分 33 秒", "7 min 33 s"],
    [0, "exact", "0 秒", "0 s"],
    [1800, "exact", "30 分", "30 min"],
    [4680, "exact", "1 时 18 分", "1 h 18 min"],
    [3605, "exact", "1 时 00 分 05 秒", "1 h 00 min 05 s"],
    [28_800, "exact", "8 时", "8 h"],
    [45, "steady", "45 秒", "45 s"],
    [420, "steady", "7 分 00 秒", "7 min 00 s"],
    [14_400, "steady", "4 时 00 分", "4 h 00 min"],
    [59, "minutes", "0 分", "0 min"],
    [15_120, "minutes", "4 时 12 分", "4 h 12 min"],
    [3600, "minutes", "1 时", "1 h"],
  ] as const)("%d s in words (%s) are %s, %s", (seconds, precision, chinese, english) => {
    expect(said(inWords(seconds, zh.duration, precision))).toBe(chinese);
    expect(said(inWords(seconds, en.duration, precision))).toBe(english);
  });

  test("a line ends between two units, never between a number and its unit", () => {
    expect(inWords(453, en.duration).split(" ")).toEqual([`7${NO_BREAK}min`, `33${NO_BREAK}s`]);
  });

  test("amounts have their sign before them, nothing has none", () => {
    expect(said(signed(467, en.duration))).toBe("+7 min 47 s");
    expect(said(signed(-205, zh.duration))).toBe("\u22123 分 25 秒");
    expect(said(signed(0, zh.duration))).toBe("0 秒");
  });
});

describe("moments", () => {
  test("times are those of the site, not of the reader", () => {
    expect(timeOfDay(Date.UTC(2026, 10, 23, 16, 5) / 1000, "Asia/Shanghai")).toBe("00:05");
    expect(timeOfDay(Date.UTC(2026, 10, 23, 16, 5) / 1000, "Europe/Berlin")).toBe("17:05");
  });

  test("a day is short in both languages", () => {
    expect([shortDay("2026-11-03", zh.locale), shortDay("2026-11-03", en.locale)]).toEqual([
      "11-03",
      "3 Nov",
    ]);
  });
});
