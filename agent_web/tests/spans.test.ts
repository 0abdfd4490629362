import { describe, expect, it } from "vitest";

import { spanOf, spanOfDay, spansUpTo, startsBackTo } from "../src/manage/spans";

const ZONE = "Asia/Shanghai";
const at = (said: string) => Date.parse(`${said}+08:00`) / 1000;

describe("spans of time", () => {
  it("are offered by half hours, with the most at the end", () => {
    expect(spansUpTo(4_000)).toEqual([1_800, 3_600, 4_000]);
    expect(spansUpTo(0)).toEqual([]);
  });

  it("have begun just now, or some five minutes ago", () => {
    expect(startsBackTo(1_800)).toEqual([0, 300, 600, 900, 1_200, 1_500]);
    expect(startsBackTo(0)).toEqual([0]);
    expect(startsBackTo(86_400).at(-1)).toBe(3_600);
  });

  it("are of the day that was typed, over midnight where they end no later than they begin", () => {
    expect(spanOf("2026-11-29", "09:00", "10:30", ZONE)).toEqual([
      at("2026-11-29T09:00"),
      at("2026-11-29T10:30"),
    ]);
    expect(spanOf("2026-11-29", "23:00", "01:00", ZONE)?.[1]).toBe(at("2026-11-30T01:00"));
  });

  it("are of the night that follows where they come before the business day starts", () => {
    const of = (from: string, to: string) =>
      spanOfDay("2026-11-29", { timezone: ZONE, day_starts_at: "04:00:00" }, from, to);
    expect(of("01:00", "02:00")).toEqual([at("2026-11-30T01:00"), at("2026-11-30T02:00")]);
    expect(of("04:00", "05:00")).toEqual([at("2026-11-29T04:00"), at("2026-11-29T05:00")]);
    expect(of("23:00", "01:00")).toEqual([at("2026-11-29T23:00"), at("2026-11-30T01:00")]);
    expect(spanOfDay("2026-11-29", { timezone: ZONE, day_starts_at: "00:00:00" }, "00:00", "01:00")[0]).toBe(
      at("2026-11-29T00:00"),
    );
  });

  it("are none where something lacks, or where they would last no time", () => {
    expect(spanOf("", "09:00", "10:00", ZONE)).toBeNull();
    expect(spanOf("2026-11-29", "09:00", "09:00", ZONE)).toBeNull();
  });
});
