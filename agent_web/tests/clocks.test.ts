import { expect, test } from "vitest";

import type { Session } from "../src/http/api";
import { Leading } from "../src/manage/leading.svelte";
import { businessDayAt, todayIn, zoneOf } from "../src/time/clocks";
import { SITE } from "./floor_of";

const at = (moment: string) => Date.parse(moment) / 1000;
/** 01:30 on the first of December in Shanghai, and 23:30 on the last of November in Urumqi. */
const BY_NIGHT = at("2026-12-01T01:30:00+08:00");

test("a unit's moments are told on the unit's own clock", () => {
  expect(zoneOf("team-2", SITE)).toBe("Asia/Urumqi");
  expect(zoneOf("on no roster", SITE)).toBe("Asia/Shanghai");
});

test("a night before the day starts is of the business day before", () => {
  const clock = { timezone: "Asia/Shanghai", day_starts_at: "04:00:00" };
  expect(businessDayAt(at("2026-11-30T19:59:59Z"), clock)).toBe("2026-11-30");
  expect(businessDayAt(at("2026-11-30T20:00:00Z"), clock)).toBe("2026-12-01");
  const calendar = { ...clock, day_starts_at: "00:00:00" };
  expect(businessDayAt(at("2026-11-30T16:00:00Z"), calendar)).toBe("2026-12-01");
});

test("today is each unit's own business day, and the site's of one that nobody knows", () => {
  expect(todayIn("team-1", SITE, BY_NIGHT)).toBe("2026-11-30");
  expect(todayIn("team-2", SITE, BY_NIGHT)).toBe("2026-11-30");
  expect(todayIn("", SITE, BY_NIGHT)).toBe("2026-12-01");
  expect(todayIn("on no roster", SITE, BY_NIGHT)).toBe("2026-12-01");
  expect(todayIn("team-1", SITE, BY_NIGHT + 2.5 * 3_600)).toBe("2026-12-01");
  expect(todayIn("team-1", SITE, 0)).toBe("");
});

test("who leads units is shown the site's business day, and at each unit that one's", () => {
  const leading = new Leading({ name: "li" } as Session, { ...SITE, day_starts_at: "04:00:00" }, () => {});
  expect(leading.today).toBe("");
  leading.feed.now_s = BY_NIGHT;
  expect([leading.today, leading.todayIn("team-1")]).toEqual(["2026-11-30", "2026-11-30"]);
  leading.feed.now_s = at("2026-12-01T02:00:00+08:00");
  expect([leading.today, leading.todayIn("team-2")]).toEqual(["2026-11-30", "2026-12-01"]);
  leading.feed.now_s = at("2026-12-01T04:00:00+08:00");
  expect(leading.today).toBe("2026-12-01");
});
