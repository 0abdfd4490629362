import { expect, test } from "vitest";

import type { StatementLine } from "../src/http/api";
import { explain } from "../src/me/arithmetic";
import { newGifts } from "../src/me/gifts";
import { zh } from "../src/texts/zh";

const NOW = 1_796_000_000;
const gift = (ago: number, more: Partial<StatementLine> = {}): StatementLine => ({
  transfer: `${ago}`,
  day: "2026-11-28",
  recorded_at: NOW - ago,
  service: "gift",
  amount: 1_800,
  leave: 0,
  balance_after: 0,
  text: "改了三张表单",
  by: "li",
  facts: { kind: "suggestion" },
  ...more,
});

test("what was put away, is long ago, or is no gift, is no news", () => {
  const lines = [gift(10), gift(500), gift(30 * 86_400), gift(20, { service: "savings" })];
  expect(newGifts(lines, 0, NOW).map((line) => line.transfer)).toEqual(["10", "500"]);
  expect(newGifts(lines, NOW - 500, NOW).map((line) => line.transfer)).toEqual(["10"]);
  expect(newGifts(lines, NOW - 10, NOW)).toEqual([]);
});

test("a red packet says what for, by whom, and why", () => {
  expect(explain(gift(1), zh)).toEqual(["合理化建议，li 发放。", "改了三张表单"]);
  expect(explain(gift(1, { facts: { kind: "chess" }, by: "", text: "" }), zh)).toEqual(["chess。"]);
});
