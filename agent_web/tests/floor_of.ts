// Small floors for the tests.

import type { Accounts, Policy, Site } from "../src/http/api";
import type { Agent, Delta, Queue, Snapshot } from "../src/live/frames";

export const NOW_S = 1_000_000;

export function agentOf(fields: Partial<Agent> = {}): Agent {
  return {
    agent: "1001",
    name: "张敏",
    unit: "team-1",
    state: "available",
    since: NOW_S - 60,
    reason: "",
    exempt: false,
    other_call: false,
    aux: 0,
    aux_from: null,
    base: 0,
    base_from: null,
    allowance: 1065,
    counters: {},
    ...fields,
  };
}

export function snapshotOf(seq: number, agents: Agent[], queues: Queue[] = []): Snapshot {
  return { op: "snapshot", topic: "floor", seq, now: NOW_S, agents, queues };
}

export function deltaOf(seq: number, fields: Partial<Delta> = {}): Delta {
  return { op: "delta", seq, now: NOW_S, changed: [], queues: [], gone: [], ...fields };
}

const COUNTS = {
  policy: "counts",
  personal: false,
  threshold_s: null,
  max_s: null,
  max_s_day: null,
} as const;

export const SITE: Site = {
  site: "demo",
  timezone: "Asia/Shanghai",
  day_starts_at: "00:00:00",
  units: [
    { unit: "team-1", name: "一班", timezone: "Asia/Shanghai", day_starts_at: "04:00:00" },
    { unit: "team-2", name: "二班", timezone: "Asia/Urumqi", day_starts_at: "00:00:00" },
  ],
  reasons: {
    ticket: { ...COUNTS, zh: "提交工单", en: "Ticket" },
    toilet: { ...COUNTS, zh: "上厕所", en: "Toilet", personal: true, threshold_s: 300 },
    meal: { ...COUNTS, zh: "用餐", en: "Meal", policy: "exempt" },
    recovery: { ...COUNTS, zh: "平复", en: "Recovery", policy: "exempt", max_s: 900 },
  },
  pause_threshold_s: 600,
  wait_threshold_s: 60,
  nudge_left_s: 120,
  nudge_pause_s: 900,
};

export const POLICY: Policy = {
  rate_ppm: 37_000,
  expected_base_s: 28_800,
  base_s_max: 43_200,
  allowance_min_s: 0,
  overdraft_takes: ["savings", "gift", "interest", "overtime"],
};

export function accountsOf(fields: Partial<Accounts> = {}): Accounts {
  return { savings: 0, gift: 0, interest: 0, overtime: 0, reserved: 0, leave: 0, ...fields };
}
