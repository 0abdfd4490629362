import { describe, expect, test } from "vitest";

import { arranging, matches, type Choice, type Group } from "../src/floor/arrange";
import { finish } from "../src/floor/pieces";
import { callsWaiting, countStates, teamTotals } from "../src/floor/totals";
import type { Agent } from "../src/live/frames";
import { agentOf, NOW_S, SITE } from "./floor_of";

const ALL: Choice = { unit: null, search: "", paused: false, near: false, sort: "state" };
const collator = new Intl.Collator("zh-CN", { numeric: true });

const FLOOR = [
  agentOf({ agent: "1001", name: "王伟", state: "signed_out", since: NOW_S - 9000 }),
  agentOf({ agent: "1002", name: "李娜", state: "available", since: NOW_S - 500 }),
  agentOf({ agent: "1003", name: "张敏", state: "on_call", since: NOW_S - 20 }),
  agentOf({ agent: "1004", name: "Anna Li", state: "on_call", since: NOW_S - 300 }),
  agentOf({ agent: "1005", name: "陈杰", state: "paused", reason: "ticket", since: NOW_S - 700 }),
  agentOf({ agent: "1006", name: "刘洋", state: "paused", reason: "ticket", since: NOW_S - 30 }),
  agentOf({ agent: "1007", name: "赵磊", state: "unreachable", since: NOW_S - 10, unit: "team-2" }),
];

function arrange(agents: Agent[], choice: Partial<Choice>): Group[] {
  return finish(arranging(agents, { ...ALL, ...choice }, SITE, NOW_S, collator));
}

function ids(choice: Partial<Choice>): string[][] {
  return arrange(FLOOR, choice).map((group) => group.ids);
}

describe("the board's order", () => {
  test("by state: what needs a person first, then state by state, longest first", () => {
    expect(ids({})).toEqual([["1005", "1006", "1004", "1003", "1002", "1001"], ["1007"]]);
  });

  test("by the longest in their state, the signed-out last", () => {
    expect(ids({ sort: "longest" })[0]).toEqual(["1005", "1002", "1004", "1006", "1003", "1001"]);
  });

  test("filters leave out whom they do not fit, and empty teams", () => {
    expect(ids({ paused: true })).toEqual([["1005", "1006"]]);
    expect(ids({ near: true })).toEqual([["1005"]]);
    expect(ids({ unit: "team-2" })).toEqual([["1007"]]);
    expect(ids({ search: "nobody" })).toEqual([]);
  });

  test("the search takes parts of a name and beginnings of a number", () => {
    expect(matches(FLOOR[3]!, "li an")).toBe(true);
    expect(matches(FLOOR[3]!, "10")).toBe(true);
    expect(matches(FLOOR[3]!, "04")).toBe(false);
    expect(matches(FLOOR[2]!, "敏")).toBe(true);
  });

  test("an agent of a unit that the site does not name is shown all the same", () => {
    const stray = agentOf({ unit: "elsewhere" });
    expect(arrange([stray], {})).toEqual([{ unit: "elsewhere", ids: ["1001"] }]);
  });
});

describe("the floor in numbers", () => {
  test("each state is counted, also with nobody in it", () => {
    expect(countStates(FLOOR)).toMatchObject({ on_call: 2, paused: 2, unreachable: 1, ringing: 0 });
  });

  test("a team's aux ratio is its aux by its base, none without a base", () => {
    const team = [
      agentOf({ aux: 30, base: 900, base_from: NOW_S - 100 }),
      agentOf({ agent: "1002", aux: 20, base: 1000 }),
    ];
    expect(teamTotals(team, NOW_S).get("team-1")).toEqual({ members: 2, paused: 0, aux_ratio: 0.025 });
    expect(teamTotals([agentOf()], NOW_S).get("team-1")?.aux_ratio).toBeNull();
  });

  test("callers wait over all queues, the longest tells", () => {
    const queues = [
      { queue: "a", waiting: 2, oldest_since: NOW_S - 10 },
      { queue: "b", waiting: 1, oldest_since: NOW_S - 90 },
      { queue: "c", waiting: 0, oldest_since: null },
    ];
    const { waiting, oldest_since, queues: named } = callsWaiting(queues);
    expect([waiting, oldest_since, named.map(({ queue }) => queue)]).toEqual([3, NOW_S - 90, ["b", "a"]]);
  });
});
