import { expect, test } from "vitest";

import type { CallOut, OfficeUnit } from "../src/http/manage_api";
import type { Agent } from "../src/live/frames";
import { heldBy, secondsOf, tightest } from "../src/manage/amounts";
import { cameAfter, inOrder, responseOf } from "../src/manage/calls";
import { change, percent, written } from "../src/manage/figures";
import { below, found, membersOf } from "../src/manage/people";
import { periodOf } from "../src/manage/periods";
import { spansUpTo } from "../src/manage/spans";

const unit = (name: string, line: string[]) => ({ unit: name, line }) as OfficeUnit;
const UNITS = [
  unit("centre", ["centre"]),
  unit("home", ["home", "centre"]),
  unit("t1", ["t1", "home", "centre"]),
];
const agent = (number: string, name: string, of: string) => ({ agent: number, name, unit: of }) as Agent;
const PEOPLE = [agent("1010", "陈平", "t1"), agent("1001", "李陈", "home"), agent("2001", "Chen", "t1")];

test("a unit's members are its own and those below", () => {
  expect([...below(UNITS, "home")]).toEqual(["home", "t1"]);
  expect(membersOf(PEOPLE, below(UNITS, "t1")).map((one) => one.agent)).toEqual(["1010", "2001"]);
});

test("who begins as it was typed stands before who only has it", () => {
  expect(found(PEOPLE, "陈", 5).map((one) => one.name)).toEqual(["陈平", "李陈"]);
  expect(found(PEOPLE, "chen", 5).map((one) => one.agent)).toEqual(["2001"]);
  expect(found(PEOPLE, "10", 1).map((one) => one.agent)).toEqual(["1001"]);
  expect(found(PEOPLE, "  ", 5)).toEqual([]);
});

test("hours and minutes are seconds, and what is no number is nothing", () => {
  expect(secondsOf(1, 30)).toBe(5_400);
  expect(secondsOf(null, 45)).toBe(2_700);
  expect(secondsOf(-1, Number.NaN)).toBe(0);
});

test("of the caps of a line the one counts of which the least is left", () => {
  const caps = [
    { unit: "t1", cap: 100, given: 0, left: 100 },
    { unit: "home", cap: 200, given: 150, left: 50 },
    { unit: "other", cap: 9, given: 9, left: 0 },
  ];
  expect(tightest(["t1", "home", "centre"], caps)).toEqual({ of: "home", cap: 200, given: 150 });
  expect(tightest(["nowhere"], caps)).toBeNull();
});

test("budgets that were taken back, or are another's, can't be given from", () => {
  const budget = (holder: string, ended: boolean) => ({
    budget: holder,
    holder,
    ended,
    unit: "t1",
    seconds: 1,
    given: 0,
    reason: "",
  });
  expect(heldBy([budget("me", false), budget("me", true), budget("li", false)], "me")).toHaveLength(1);
});

test("a month is held against as many days of the one before", () => {
  expect(periodOf("month", "2026-11-29")).toEqual({
    from: "2026-11-01",
    to: "2026-11-28",
    against: "2026-10-01",
    until: "2026-10-28",
  });
});

test("on a month's first day the whole one before is shown", () => {
  expect(periodOf("month", "2026-12-01")).toMatchObject({ from: "2026-11-01", to: "2026-11-30" });
});

test("a week begins on Monday", () => {
  expect(periodOf("week", "2026-11-28")).toEqual({
    from: "2026-11-23",
    to: "2026-11-27",
    against: "2026-11-16",
    until: "2026-11-20",
  });
});

test("shares change in points, amounts by themselves, and what is too little to tell is no change", () => {
  expect(written("aux_ratio", 0.0315)).toBe("3.15 %");
  expect(written("utilisation", 0.82)).toBe("82.0 %");
  expect(written("sign_ins_per_day", null)).toBe("–");
  expect(percent(0)).toBe("0.00 %");
  expect(change("aux_ratio", 0.0315, 0.0457)).toBe("\u22121.42");
  expect(change("sign_ins_per_day", 2.1, 2.12)).toBe("±0");
  expect(change("occupancy", 0.5, null)).toBe("");
});

test("who is not here yet stands first, and only who came in time counts as here", () => {
  const call = (name: string, comes: boolean | null, after: number | null): CallOut => ({
    agent: name,
    called_at: 1_000,
    comes,
    answered_at: null,
    signed_in_at: after === null ? null : 1_000 + after,
  });
  const calls = [call("a", true, 900), call("b", false, null), call("c", null, null), call("d", true, 30)];
  expect(inOrder(calls).map((one) => one.agent)).toEqual(["c", "a", "d", "b"]);
  expect(responseOf(calls, 600)).toEqual({ called: 4, come: 2, here: 1 });
  expect(cameAfter(calls[2]!)).toBeNull();
});

test("an emergency is offered by half hours up to the most", () => {
  expect(spansUpTo(5_400)).toEqual([1_800, 3_600, 5_400]);
  expect(spansUpTo(4_000)).toEqual([1_800, 3_600, 4_000]);
  expect(spansUpTo(0)).toEqual([]);
});
