import { expect, test } from "vitest";

import type { Overtime, RunningOvertime } from "../src/http/api";
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
const at = (state: Agent["state"]) => ({ state }) as Agent;

function running(more: Partial<RunningOvertime> = {}, until = 9_000): Overtime {
  return { running: [{ ...STORM, ...more }], growing: { emergency: "storm", since: 2_000, until } };
}

test("it grows a second a second from where the switches were heard, with its interest", () => {
  const [storm] = earned(running(), at("on_call"), 2_100.9);
  expect(storm).toMatchObject({ principal: 700, interest: 420, grows: true });
});

test("principal and interest together are rounded up where the policy says so", () => {
  const [storm] = earned(
    running({ interest_ppm: 300_000, round_up_s: 300, principal: 3_500 }),
    at("ringing"),
    2_100,
  );
  expect(storm).toMatchObject({ principal: 3_600, interest: 1_200 });
});

test.each(["paused", "unreachable", "signed_out", "unobserved"] as const)(
  "it stands still while %s",
  (state) => {
    const [storm] = earned(running(), at(state), 2_100);
    expect(storm).toMatchObject({ principal: 600, interest: 360, grows: false });
  },
);

test("it stands still once something else pays, and while nothing is known of the agent", () => {
  expect(earned(running({}, 2_050), at("available"), 2_100)[0]!.grows).toBe(false);
  expect(earned(running(), null, 2_100)[0]!.grows).toBe(false);
  expect(earned({ running: [STORM], growing: null }, at("available"), 2_100)[0]!.grows).toBe(false);
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
