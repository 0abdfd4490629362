import { expect, test } from "vitest";

import type { DayOff } from "../src/http/bank_api";
import { begins, lookOf, mayCancel, partOf } from "../src/services/days_off";
import { monthAfter, weeksFrom, weeksOf } from "../src/time/months";

const TODAY = "2026-12-01";
const NOW_S = 1_000;
const own = (state: string) => ({
  application: "a",
  seconds: 60,
  missing: 0,
  state,
  cancel_until: "2026-12-09",
  moved_to: null,
});

function dayOff(of: Partial<DayOff>): DayOff {
  const places = { agents: 2, seconds: null, waiting: 0, ahead: null };
  return {
    day: "2026-12-10",
    ...places,
    unit: "centre",
    allocated_at: null,
    costs: 28_800,
    begins: null,
    ends: null,
    own: [],
    ...of,
  };
}

test.each([
  [{}, "free"],
  [{ agents: 0 }, "full"],
  [{ seconds: 0 }, "full"],
  [{ agents: null }, "none"],
  [{ costs: 0 }, "no_shift"],
  [{ allocated_at: NOW_S + 1 }, "by_rule"],
  [{ allocated_at: NOW_S }, "free"],
  [{ own: [own("refused"), own("waiting")] }, "waiting"],
  [{ own: [own("cancelled")] }, "free"],
  [{ day: TODAY }, "past"],
])("a day with %o is %s", (of, look) => {
  expect(lookOf(dayOff(of), TODAY, NOW_S)).toBe(look);
});

test.each([
  ["", "16:00"],
  ["14:00", ""],
])("a part from %o to %o, as while it is typed, is nothing", (from, to) => {
  expect(partOf(dayOff({}), from, to, "Asia/Shanghai")).toEqual([0, 0]);
});

test.each([
  [[8, 16], "14:00", "16:00", [14, 16]],
  [[8, 16], "07:00", "09:00", [7, 9]],
  [[22, 30], "02:00", "04:00", [26, 28]],
  [[22, 30], "23:00", "01:00", [23, 25]],
  [[22, 30], "20:00", "23:00", [20, 23]],
  [[4, 28], "02:00", "04:00", [26, 28]],
  [null, "14:00", "02:00", [14, 26]],
])("of a day from and to hour %o, %s to %s is from and to hour %o", (planned, from, to, part) => {
  const hour = (number: number) => Date.parse("2026-12-10T00:00+08:00") / 1000 + number * 3_600;
  const [begins, ends] = planned?.map(hour) ?? [null, null];
  const day = dayOff({ begins: begins ?? null, ends: ends ?? null });
  expect(partOf(day, from, to, "Asia/Shanghai")).toEqual(part.map(hour));
});

test("the calendar begins with the first day that says anything", () => {
  const of = (...days: DayOff[]) =>
    begins(new Map([...days].reverse().map((day) => [day.day, day])), TODAY, NOW_S);
  const nothing = [dayOff({ day: TODAY }), dayOff({ day: "2026-12-30", agents: null })];
  expect(of(...nothing, dayOff({ day: "2027-01-04" }), dayOff({ day: "2027-01-05" }))).toBe("2027-01-04");
  expect(of(...nothing, dayOff({ day: "2026-12-31", costs: 0, own: [own("waiting")] }))).toBe("2026-12-31");
  expect(of(...nothing)).toBeNull();
});

test.each([
  ["approved", "2026-12-09", true],
  ["approved", "2026-12-10", false],
  ["waiting", "2026-12-10", true],
  ["taken", "2026-12-01", false],
])("what is %s on %s can be cancelled: %s", (state, today, may) => {
  expect(mayCancel(own(state), today)).toBe(may);
});

test("a month's weeks begin on Monday, and months follow each other over the year's end", () => {
  const weeks = weeksOf("2026-12");
  expect(weeks[0]).toEqual([
    null,
    "2026-12-01",
    "2026-12-02",
    "2026-12-03",
    "2026-12-04",
    "2026-12-05",
    "2026-12-06",
  ]);
  expect(weeks.at(-1)?.slice(0, 5)).toEqual(["2026-12-28", "2026-12-29", "2026-12-30", "2026-12-31", null]);
  expect([monthAfter("2026-12", 1), monthAfter("2027-01", -1)]).toEqual(["2027-01", "2026-12"]);
});

test("weeks that are over are left out, and the running one is there as a whole", () => {
  expect(weeksFrom("2026-11", "2026-11-26").map((week) => week[0])).toEqual(["2026-11-23", "2026-11-30"]);
  expect(weeksFrom("2026-12", "2026-11-26")).toEqual(weeksOf("2026-12"));
});
