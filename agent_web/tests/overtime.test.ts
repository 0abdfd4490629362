import { expect, test } from "vitest";

import type { GrowingOvertime, Overtime, RunningOvertime } from "../src/http/api";
import type { Agent } from "../src/live/frames";
import { explain } from "../src/me/arithmetic";
import { earned } from "../src/me/overtime";
import { en } from "../src/texts/en";
import { zh } from "../src/texts/zh";

const STORM: RunningOvertime = {
  emergency: "storm",
  level: "III",
  interest_ppm: 600_000,
  round_up_s: 0,
  starts: 1_000,
  ends: 9_000,
  principal: 600,
  interest: 360,
  measured: true,
};
/** In that state since 2 040. */
const at = (state: Agent["state"]) => ({ state, since: 2_040 }) as Agent;

/** Heard up to 2 000; until then ten minutes of the day were worked. */
function running(more: Partial<RunningOvertime> = {}, growing: Partial<GrowingOvertime> = {}): Overtime {
  const storm = { ...STORM, ...more };
  const of_day = { worked: 600, principal: storm.principal, interest: storm.interest };
  const day = { since: 2_000, until: 9_000, day_ends: 50_000, ...of_day };
  return { running: [storm], growing: { emergency: "storm", ...day, ...growing } };
}

test("it grows a second a second from where the switches were heard, with its interest", () => {
  const [storm] = earned(running(), at("on_call"), 2_100.9);
  expect(storm).toMatchObject({ principal: 700, interest: 420, grows: true });
});

test("principal and interest together are rounded up where the policy says so", () => {
  const entered = { interest_ppm: 300_000, round_up_s: 300, principal: 3_500, interest: 1_300 };
  const [storm] = earned(running(entered, { worked: 3_500 }), at("ringing"), 2_100);
  expect(storm).toMatchObject({ principal: 3_600, interest: 1_200 });
});

test("parts of a second are counted as they are measured, and not cut off at each answer", () => {
  const [storm] = earned(running({}, { worked: 600.75, since: 2_000.5 }), at("on_call"), 2_101);
  expect(storm).toMatchObject({ principal: 701, interest: 420 });
});

test("over the border of a business day each day has its own interest, as it is posted", () => {
  // 601 s before midnight and 211 s after it, at 45 %: 270 s and 94 s, where 812 s in one would have 365.
  const grows = running({ interest_ppm: 450_000, interest: 270 }, { day_ends: 2_001 });
  const [storm] = earned(grows, at("on_call"), 2_212);
  expect(storm).toMatchObject({ principal: 812, interest: 270 + 94, grows: true });
  const rounded = running({ interest_ppm: 0, interest: 0, round_up_s: 300 }, { day_ends: 2_001 });
  expect(earned(rounded, at("on_call"), 2_212)[0]).toMatchObject({ principal: 812, interest: 299 + 89 });
});

test("what was worked on the day before stays as the server reckoned it", () => {
  // 111 s of the day before at 45 %, and a second later 601 s of this one: 49 s and 270 s, where 712 s have 320.
  const both = { interest_ppm: 450_000, principal: 711, interest: 49 + 270 };
  const [storm] = earned(running(both, { principal: 600, interest: 270 }), at("on_call"), 2_001);
  expect(storm).toMatchObject({ principal: 712, interest: 319 });
});

test("what was entered by hand stands until as much is measured", () => {
  const entered = running({ principal: 650, interest: 390 }, { worked: 600 });
  expect(earned(entered, at("on_call"), 2_030)[0]).toMatchObject({ principal: 650, interest: 390 });
  expect(earned(entered, at("on_call"), 2_100)[0]).toMatchObject({ principal: 700, interest: 420 });
});

test.each(["paused", "unreachable", "signed_out", "unobserved"] as const)(
  "it stands still while %s, at what was worked before",
  (state) => {
    const [storm] = earned(running(), at(state), 2_100);
    expect(storm).toMatchObject({ principal: 640, interest: 384, grows: false });
  },
);

test("it stands still once something else pays, and while nothing is known of the agent", () => {
  const over = earned(running({}, { until: 2_050 }), at("available"), 2_100)[0];
  expect(over).toMatchObject({ principal: 650, interest: 390, grows: false });
  expect(earned(running(), null, 2_100)[0]).toMatchObject({ principal: 600, grows: false });
  const stands = { running: [STORM], growing: null };
  expect(earned(stands, at("available"), 2_100)[0]).toMatchObject({ principal: 600, grows: false });
});

test("a line of the statement says what each emergency came to, and what was entered by hand", () => {
  const paid = [
    {
      emergency: "storm",
      level: "III",
      interest_ppm: 600_000,
      principal: 3_600,
      entered: 0,
      interest: 2_160,
    },
    { emergency: "fire", level: "I", interest_ppm: 300_000, principal: 600, entered: 600, interest: 180 },
  ];
  const line = {
    transfer: "t", day: "2026-11-23", recorded_at: 0, service: "overtime", amount: 6_540, leave: 0,
    balance_after: 6_540, text: "", facts: { paid },
  }; // prettier-ignore
  expect(explain(line, en).map((text) => text.replaceAll("\u00a0", " "))).toEqual([
    "Emergency, level III: 1 h of overtime, 60 % interest: 36 min.",
    "Emergency, level I: 10 min of overtime, 30 % interest: 3 min.",
    "10 min of it were entered by hand.",
  ]);
  expect(explain({ ...line, facts: { paid: [] }, amount: 0, leave: 60 }, zh)[0]).toBe(
    "更正后，当日没有加班。",
  );
});
