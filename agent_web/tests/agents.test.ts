import { describe, expect, test } from "vitest";

import {
  asCounted,
  auxLeft,
  auxNow,
  auxRuns,
  countedOfDay,
  countedOfShift,
  hasBeenSeen,
  lookOf,
  nearLimit,
  needsAttention,
  project,
} from "../src/floor/agents";
import type { Accounts, Policy, Today } from "../src/http/api";
import { nudgeFor } from "../src/me/nudge";
import type { Agent } from "../src/live/frames";
import { accountsOf, agentOf, NOW_S, POLICY, SITE } from "./floor_of";

const paused = (reason: string, long_s: number, more = {}) =>
  agentOf({
    state: "paused",
    reason,
    since: NOW_S - long_s,
    aux: 100,
    aux_from: NOW_S - long_s,
    ...more,
  });

const ofDay = (agent: Agent, policy: Policy, accounts: Accounts) =>
  project(countedOfDay(agent, policy, NOW_S), policy, accounts);

describe("aux time", () => {
  test("it runs from aux_from on, and stands where that is null", () => {
    expect(auxNow(agentOf({ aux: 100, aux_from: NOW_S - 50 }), NOW_S)).toBe(150);
    expect(auxNow(agentOf({ aux: 100 }), NOW_S)).toBe(100);
  });

  test("it does not run before an exempt limit that lies ahead", () => {
    const meal = agentOf({ aux: 100, aux_from: NOW_S + 60 });
    expect([auxNow(meal, NOW_S), auxNow(meal, NOW_S + 90)]).toEqual([100, 130]);
  });

  test("what is left may be less than nothing", () => {
    expect(auxLeft(agentOf({ aux: 1100 }), NOW_S)).toBe(-35);
  });
});

describe("how a state looks", () => {
  test("exempt pauses and other calls have a look of their own", () => {
    expect(lookOf(agentOf({ state: "paused", exempt: true }), NOW_S)).toBe("exempt");
    expect(lookOf(agentOf({ state: "on_call", other_call: true }), NOW_S)).toBe("other_call");
    expect(lookOf(agentOf({ state: "unobserved" }), NOW_S)).toBe("unobserved");
  });
});

describe("an exempt pause with a limit", () => {
  const meal = paused("recovery", 1000, { exempt: true, aux_from: NOW_S + 5 });

  test("it stops being exempt at its limit, without a word from the server", () => {
    expect([lookOf(meal, NOW_S + 4), lookOf(meal, NOW_S + 5)]).toEqual(["exempt", "paused"]);
  });

  test("from then on the nudge for a forgotten unpause holds", () => {
    expect([nudgeFor(meal, SITE, NOW_S + 4), nudgeFor(meal, SITE, NOW_S + 5)?.kind]).toEqual([null, "pause"]);
  });
});

describe("what a person should look at", () => {
  test.each([
    ["a pause at its reason's own threshold", paused("toilet", 300), true],
    ["a pause below it", paused("toilet", 299), false],
    ["a pause without an own threshold", paused("ticket", 600), true],
    ["a personal pause, whose reason is not ours to see", paused("personal", 599), false],
    ["a long meal that is exempt", paused("meal", 3000, { exempt: true, aux_from: null }), false],
    ["an exempt pause at its own limit", paused("recovery", 900, { exempt: true, aux_from: NOW_S }), true],
    ["a meal beyond what is exempt", paused("meal", 3700, { exempt: false }), true],
    ["an unreachable telephone", agentOf({ state: "unreachable" }), true],
    ["a long call", agentOf({ state: "on_call", since: NOW_S - 5000 }), false],
  ])("%s", (_, agent, expected) => {
    expect(needsAttention(agent, SITE, NOW_S)).toBe(expected);
  });

  test("near its limit is a pause past four fifths, or one that uses up the allowance", () => {
    expect(nearLimit(paused("toilet", 240), SITE, NOW_S)).toBe(true);
    expect(nearLimit(paused("toilet", 239), SITE, NOW_S)).toBe(false);
    expect(nearLimit(paused("ticket", 10, { aux: 1000 }), SITE, NOW_S)).toBe(true);
    expect(nearLimit(agentOf({ aux: 1060 }), SITE, NOW_S)).toBe(false);
  });
});

describe("what today is worth if it ended now", () => {
  const worked = (base: number, aux: number, unobserved = 0) =>
    agentOf({ base, aux, counters: { sign_ins: 1, unobserved } });

  test("a full day's saving is the source's own example", () => {
    expect(ofDay(worked(28_800, 600), POLICY, accountsOf())).toMatchObject({
      deposit: 465,
      overdraft: 0,
    });
  });

  test("an overdraft takes the balance, the rest is personal leave", () => {
    const today = ofDay(worked(28_800, 2_000), POLICY, accountsOf({ savings: 500 }));
    expect(today).toMatchObject({ deposit: 0, overdraft: 935, covered: 500 });
  });

  test("aux and product are each cut off once", () => {
    expect(ofDay(worked(28_799.9, 600.9), POLICY, accountsOf())).toMatchObject({
      allowance: 1065,
      deposit: 465,
    });
  });

  test("the base ends at its cap", () => {
    expect(ofDay(worked(50_000, 0), POLICY, accountsOf()).deposit).toBe(1598);
  });

  test("a day on which nothing happened at all has no base", () => {
    const waiting = agentOf({ base: 28_800, counters: { sign_ins: 0, pauses: 0, answered: 0 } });
    expect(ofDay(waiting, POLICY, accountsOf())).toMatchObject({ base: 0, deposit: 0 });
  });

  test("what a policy leaves free is not charged, and not saved", () => {
    const policy = { ...POLICY, allowance_min_s: 600 };
    expect(ofDay(worked(3_600, 500), policy, accountsOf())).toMatchObject({
      deposit: 0,
      overdraft: 0,
    });
    expect(ofDay(worked(3_600, 700), policy, accountsOf()).overdraft).toBe(100);
  });

  test("an overdraft takes from the accounts that the policy names, and from no other", () => {
    const policy = { ...POLICY, overdraft_takes: ["savings", "gift"] as (keyof Accounts)[] };
    const accounts = accountsOf({ savings: 100, gift: 50, overtime: 5_000, reserved: 900 });
    expect(ofDay(worked(28_800, 2_000), policy, accounts)).toMatchObject({
      overdraft: 935,
      covered: 150,
    });
  });

  test("nobody is charged for what was not seen", () => {
    const today = ofDay(worked(10_000, 400, 2_000), POLICY, accountsOf());
    expect(today).toMatchObject({ deposit: 0, overdraft: 0 });
  });
});

test("who is only on the roster has not been seen in any state", () => {
  expect(hasBeenSeen(agentOf({ state: "signed_out", since: 0 }))).toBe(false);
  expect(hasBeenSeen(agentOf({ state: "signed_out", since: NOW_S }))).toBe(true);
});

describe("nudges", () => {
  test("one before the allowance is used up, none after", () => {
    const near = paused("ticket", 60, { aux: 900 });
    expect(nudgeFor(near, SITE, NOW_S)).toMatchObject({ kind: "left", seconds: 105 });
    expect(nudgeFor(near, SITE, NOW_S + 106)).toBeNull();
  });

  test("one when a pause was perhaps forgotten", () => {
    expect(nudgeFor(paused("ticket", 899, { aux: 0 }), SITE, NOW_S)?.kind).not.toBe("pause");
    expect(nudgeFor(paused("ticket", 900, { aux: 0 }), SITE, NOW_S)?.kind).toBe("pause");
  });

  test("none during a meal, none at work", () => {
    expect(nudgeFor(paused("meal", 2000, { exempt: true, aux_from: null }), SITE, NOW_S)).toBeNull();
    expect(nudgeFor(agentOf({ aux: 1000, aux_from: NOW_S }), SITE, NOW_S)).toBeNull();
  });

  test("who has read one hears no more of it: the occasion stays the same", () => {
    const pause = paused("ticket", 60, { aux: 900 });
    expect(nudgeFor(pause, SITE, NOW_S)?.occasion).toBe(nudgeFor(pause, SITE, NOW_S + 30)?.occasion);
  });
});

describe("a shift so far", () => {
  const today: Today = {
    until: NOW_S - 100,
    base: 7_200,
    aux: 300,
    unobserved: 0,
    working: [
      [NOW_S - 7_500, NOW_S - 40],
      [NOW_S - 10, NOW_S + 3_600],
    ],
    base_max: null,
    rate_ppm: null,
    minimum_s: null,
    allowance: null,
  };
  const counted = (agent: Partial<Agent>) => countedOfShift(today, agentOf(agent), NOW_S);

  test("it is counted on within the shift, and stands still in its break", () => {
    expect(counted({ base_from: NOW_S - 500 })).toMatchObject({ base: 7_270, aux: 300, seen_or_not: 7_270 });
  });

  test("who signs in again is counted from then on, and who is signed out not at all", () => {
    expect(counted({ base_from: NOW_S - 5 }).base).toBe(7_205);
    expect(counted({ base_from: null }).base).toBe(7_200);
  });

  test("a pause runs as the base does", () => {
    expect(counted({ base_from: NOW_S - 500, aux_from: NOW_S - 60 }).aux).toBe(330);
  });

  test("it is worth what its own base allows, whatever was worked before and after it", () => {
    const worth = project(counted({ base_from: null }), POLICY, accountsOf());
    expect(worth).toMatchObject({ base: 7_200, allowance: 266, aux: 300, overdraft: 34 });
  });

  test("what was agreed with the agent protects from overdraft, and earns nothing", () => {
    const own = (more: Partial<Today>) =>
      project(
        countedOfShift({ ...today, ...more }, agentOf({ base_from: null }), NOW_S),
        POLICY,
        accountsOf(),
      );
    expect(own({ rate_ppm: 40_000 })).toMatchObject({ allowance: 266, deposit: 0, overdraft: 12 });
    expect(own({ minimum_s: 300 })).toMatchObject({ deposit: 0, overdraft: 0 });
  });

  test("without a shift the base has its cap, and a day on which nothing happened has none", () => {
    const day = { ...today, base_max: 7_210 };
    const seen = { base_from: NOW_S - 500, counters: { sign_ins: 1 } };
    expect(countedOfShift(day, agentOf(seen), NOW_S).base).toBe(7_210);
    expect(countedOfShift({ ...day, base: 0 }, agentOf({ base_from: NOW_S - 500 }), NOW_S).base).toBe(0);
  });

  test("ring and nudge look at aux as it counts, and at the own allowance", () => {
    const pausing = agentOf({ aux: 5_000, aux_from: NOW_S - 60, allowance: 1_065 });
    const mine = asCounted(pausing, { ...today, allowance: 1_800 }, NOW_S);
    expect([auxNow(mine, NOW_S), auxRuns(mine, NOW_S), mine.allowance]).toEqual([330, true, 1_800]);
    const ruled = asCounted(pausing, { ...today, working: [] }, NOW_S);
    expect([auxNow(ruled, NOW_S), auxRuns(ruled, NOW_S), ruled.allowance]).toEqual([300, false, 1_065]);
    expect(asCounted(pausing, null, NOW_S)).toBe(pausing);
  });
});
