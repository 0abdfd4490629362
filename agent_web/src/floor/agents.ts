// What an agent's frame means at a moment: aux and base so far, what is left, and whether a person should look.

import type { Agent } from "../live/frames";
import type { Accounts, Policy, Site, Today } from "../http/api";

/** What a tile shows: the state, where a pause that costs nothing and a call that is no queue call look their own. */
export type Look = Agent["state"] | "exempt" | "other_call";

const PPM = 1_000_000;
/** From this part of its threshold on a pause is near its limit. */
const NEAR_LIMIT_PART = 0.8;

export function lookOf(agent: Agent, now_s: number): Look {
  if (agent.state === "paused" && isExempt(agent, now_s)) return "exempt";
  if (agent.state === "on_call" && agent.other_call) return "other_call";
  return agent.state;
}

/** A pause costs nothing while its reason is exempt, and no longer: a limit passes without a word from the server. */
export function isExempt(agent: Agent, now_s: number): boolean {
  return agent.exempt && (agent.aux_from === null || now_s < agent.aux_from);
}

/** Who is only on the roster has not been in any state yet. */
export function hasBeenSeen(agent: Agent): boolean {
  return agent.since > 0;
}

export function inState(agent: Agent, now_s: number): number {
  return Math.max(0, now_s - agent.since);
}

export function auxNow(agent: Agent, now_s: number): number {
  return agent.aux + running(agent.aux_from, now_s);
}

export function baseNow(agent: Agent, now_s: number): number {
  return agent.base + running(agent.base_from, now_s);
}

/** Below zero: so much beyond the allowance. */
export function auxLeft(agent: Agent, now_s: number): number {
  return agent.allowance - auxNow(agent, now_s);
}

export function auxRuns(agent: Agent, now_s: number): boolean {
  return agent.aux_from !== null && agent.aux_from <= now_s;
}

function running(from_s: number | null, now_s: number): number {
  return from_s === null ? 0 : Math.max(0, now_s - from_s);
}

/** Seconds from which this pause should be looked at; Infinity where none is set. */
export function pauseThreshold(agent: Agent, site: Site, now_s: number): number {
  const reason = site.reasons[agent.reason];
  if (reason?.threshold_s != null) return reason.threshold_s;
  // A meal may take its hour: what is exempt is late only beyond its own limit.
  if (isExempt(agent, now_s)) return reason?.max_s ?? Infinity;
  return site.pause_threshold_s;
}

/** Needs a person: a pause over its threshold, a telephone that can't be reached. */
export function needsAttention(agent: Agent, site: Site, now_s: number): boolean {
  if (agent.state === "unreachable") return true;
  return agent.state === "paused" && inState(agent, now_s) >= pauseThreshold(agent, site, now_s);
}

/** Will need a person soon, or does: a pause near its threshold, or one that uses up the last of the allowance. */
export function nearLimit(agent: Agent, site: Site, now_s: number): boolean {
  if (agent.state !== "paused") return false;
  if (inState(agent, now_s) >= NEAR_LIMIT_PART * pauseThreshold(agent, site, now_s)) return true;
  return auxRuns(agent, now_s) && auxLeft(agent, now_s) < site.nudge_left_s;
}

export interface Projection {
  deposit: number;
  overdraft: number;
  /** Of the overdraft: taken from the balance, the rest becomes personal leave. */
  covered: number;
  base: number;
  allowance: number;
  aux: number;
}

/** What counts of the day so far, in seconds; `seen_or_not` is the base with what nobody saw. The own rate and minimum are
 * those that were agreed with the agent, or nothing. */
export interface Counted {
  base: number;
  aux: number;
  seen_or_not: number;
  own_rate_ppm: number;
  own_minimum_s: number;
}

/** Of the whole day, as it was seen. */
export function countedOfDay(agent: Agent, policy: Policy, now_s: number): Counted {
  const base = anythingHappened(agent) ? Math.min(policy.base_s_max, baseNow(agent, now_s)) : 0;
  const seen_or_not = Math.min(policy.base_s_max, base + (agent.counters.unobserved ?? 0));
  return { base, aux: auxNow(agent, now_s), seen_or_not, own_rate_ppm: 0, own_minimum_s: 0 };
}

/** Of the shift, and as it was ruled: counted on from where the server knows it. */
export function countedOfShift(today: Today, agent: Agent, now_s: number): Counted {
  const since = (from_s: number | null) =>
    from_s === null ? 0 : within(today.working, Math.max(today.until, from_s), now_s);
  const cap = today.base_max ?? Infinity;
  const goes_on = today.base_max === null || anythingHappened(agent);
  const base = Math.min(cap, today.base + (goes_on ? since(agent.base_from) : 0));
  return {
    base,
    aux: today.aux + since(agent.aux_from),
    seen_or_not: Math.min(cap, base + today.unobserved),
    own_rate_ppm: today.rate_ppm ?? 0,
    own_minimum_s: today.minimum_s ?? 0,
  };
}

/** The agent as the day is judged, for ring and nudge: with aux as it counts, and the own allowance. */
export function asCounted(agent: Agent, today: Today | null, now_s: number): Agent {
  if (today === null) return agent;
  const { aux } = countedOfShift(today, agent, now_s);
  const allowance = today.allowance === null ? agent.allowance : Math.max(agent.allowance, today.allowance);
  if (!auxRuns(agent, now_s)) return { ...agent, aux, allowance };
  const counts = today.working.some(([start, end]) => start <= now_s && now_s < end);
  return { ...agent, aux, aux_from: counts ? now_s : null, allowance };
}

function within(spans: [number, number][], from_s: number, to_s: number): number {
  return spans.reduce(
    (sum, [start, end]) => sum + Math.max(0, Math.min(end, to_s) - Math.max(start, from_s)),
    0,
  );
}

/** What today would be worth if it ended now (docs/time-bank.md 2.4, 3.4). */
export function project(counted: Counted, policy: Policy, accounts: Accounts): Projection {
  const { base, seen_or_not } = counted;
  const allowance = Math.floor((policy.rate_ppm * base) / PPM);
  const aux = Math.floor(counted.aux);
  const rate_ppm = Math.max(policy.rate_ppm, counted.own_rate_ppm);
  const minimum_s = Math.max(policy.allowance_min_s, counted.own_minimum_s);
  const free_s = Math.max(Math.floor((rate_ppm * seen_or_not) / PPM), minimum_s);
  const overdraft = Math.max(0, aux - free_s);
  const there = policy.overdraft_takes.reduce((sum, account) => sum + accounts[account], 0);
  const covered = Math.min(overdraft, there);
  return { deposit: Math.max(0, allowance - aux), overdraft, covered, base, allowance, aux };
}

/** A day on which nothing happened at all has no base (docs/time-bank.md 2.4). */
function anythingHappened({ counters }: Agent): boolean {
  const { answered = 0, pauses = 0, sign_ins = 0, sign_outs = 0 } = counters;
  return answered + pauses + sign_ins + sign_outs > 0;
}
