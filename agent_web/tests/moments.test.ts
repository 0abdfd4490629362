import { describe, expect, test } from "vitest";

import { dayAfter, momentOf, momentAgo } from "../src/time/moments";

const at = (moment: string) => Date.parse(moment) / 1000;

describe("a moment that is over", () => {
  const now = at("2026-11-23T01:30:00Z");

  test("is a time of day, as long as the day is the reader's own", () => {
    expect(momentAgo(at("2026-11-22T16:05:00Z"), now, "Asia/Shanghai", "en-GB")).toBe("00:05");
  });

  test("of another day has that day before it", () => {
    expect(momentAgo(at("2026-11-20T09:58:00Z"), now, "Asia/Shanghai", "en-GB")).toBe("20 Nov 17:58");
    expect(momentAgo(at("2026-11-20T09:58:00Z"), now, "Asia/Shanghai", "zh-CN")).toBe("11-20 17:58");
  });

  test("keeps the clock of its own side of a change of the clocks", () => {
    const after = at("2026-10-25T12:00:00Z");
    expect(momentAgo(at("2026-10-25T00:30:00Z"), after, "Europe/Berlin", "en-GB")).toBe("02:30");
    expect(momentAgo(at("2026-10-25T01:30:00Z"), after, "Europe/Berlin", "en-GB")).toBe("02:30");
    expect(momentAgo(at("2026-10-25T02:30:00Z"), after, "Europe/Berlin", "en-GB")).toBe("03:30");
  });

  test("is shown though nobody knows the zone", () => {
    expect(momentAgo(now, now, "Mars/Olympus", "en-GB")).toMatch(/^\d\d:\d\d$/);
  });
});

test("a time of day is a moment of the zone's clock", () => {
  expect(momentOf("2026-12-10", "14:00", "Asia/Shanghai")).toBe(Date.parse("2026-12-10T06:00:00Z") / 1000);
  expect(momentOf("2026-07-01", "09:30", "Europe/Berlin")).toBe(Date.parse("2026-07-01T07:30:00Z") / 1000);
});

test("beside a change of the clocks too: the first of an hour that comes twice, by the clock of before where one is left out", () => {
  const berlin = (day: string, time: string) => momentOf(day, time, "Europe/Berlin");
  expect(berlin("2027-03-28", "01:30")).toBe(at("2027-03-28T00:30:00Z"));
  expect(berlin("2027-03-28", "02:30")).toBe(at("2027-03-28T01:30:00Z"));
  expect(berlin("2027-03-28", "03:30")).toBe(at("2027-03-28T01:30:00Z"));
  expect(berlin("2026-10-25", "01:30")).toBe(at("2026-10-24T23:30:00Z"));
  expect(berlin("2026-10-25", "02:30")).toBe(at("2026-10-25T00:30:00Z"));
  expect(berlin("2026-10-25", "03:30")).toBe(at("2026-10-25T02:30:00Z"));
  expect(momentOf("2027-03-14", "01:30", "America/New_York")).toBe(at("2027-03-14T06:30:00Z"));
});

test("days are counted over the ends of months", () => {
  expect(dayAfter("2026-12-30", 3)).toBe("2027-01-02");
});
