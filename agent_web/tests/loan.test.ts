import { expect, test } from "vitest";

import type { Loan } from "../src/http/bank_api";
import { planFor, stageOf } from "../src/services/loan";

const item = (name: string, open: number) => ({ item: name, made: open, offset: 0, taken: 0, open });
const IDLE = "2026-11-10/idle";
const DAY = "2026-11-12/day";

function loan(balance: number): Loan {
  const items = [item(IDLE, 1_800), item(DAY, 435)];
  const when = { month: "2026-11", opens: "2026-11-25", closes: 9_000 };
  const terms = { ...when, by_itself: true, forecast: null, expires: null };
  return { ...terms, owed: 2_235, could: Math.min(2_235, balance), balance, items };
}

test("all that is owed is offset in one act", () => {
  const plan = planFor(loan(3_000), new Set([IDLE, DAY]));
  expect(plan).toEqual({ choices: [{}], offset: 2_235, stays: 765, owed: 0 });
});

test("what is left out stays owed", () => {
  const plan = planFor(loan(3_000), new Set([DAY]));
  expect(plan).toEqual({ choices: [{ item: DAY, seconds: 435 }], offset: 435, stays: 2_565, owed: 1_800 });
});

test("the balance goes as far as it goes, in the order of days", () => {
  const plan = planFor(loan(1_900), new Set([IDLE, DAY]));
  const choices = [
    { item: IDLE, seconds: 1_800 },
    { item: DAY, seconds: 100 },
  ];
  expect(plan).toEqual({ choices, offset: 1_900, stays: 0, owed: 335 });
});

test.each([
  [0, new Set([IDLE])],
  [3_000, new Set<string>()],
])("nothing to give or nothing chosen is nothing", (has, chosen) => {
  expect(planFor(loan(has), chosen)).toEqual({ choices: [], offset: 0, stays: has, owed: 2_235 });
});

test.each([
  ["2026-11-24", 1, "early"],
  ["2026-11-25", 8_999, "open"],
  ["2026-12-04", 9_000, "closed"],
])("on %s at %d it is %s", (today, now, stage) => {
  expect(stageOf(loan(0), today, now)).toBe(stage);
});
