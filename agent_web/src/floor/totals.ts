// The floor in numbers: the header's counts, each team's line, the callers who wait.

import { STATES, type Agent, type Queue, type StateName } from "../live/frames";
import { auxNow, baseNow } from "./agents";

export type Counts = Record<StateName, number>;

export interface TeamTotals {
  members: number;
  paused: number;
  /** Aux so far as a part of the base so far; null while there is no base. */
  aux_ratio: number | null;
}

export interface Waiting {
  waiting: number;
  oldest_since: number | null;
  queues: readonly Queue[];
}

export function countStates(agents: Iterable<Agent>): Counts {
  const counts = Object.fromEntries(STATES.map((state) => [state, 0])) as Counts;
  for (const agent of agents) counts[agent.state] += 1;
  return counts;
}

export function teamTotals(agents: Iterable<Agent>, now_s: number): Map<string, TeamTotals> {
  const sums = new Map<string, { members: number; paused: number; aux: number; base: number }>();
  for (const agent of agents) {
    let sum = sums.get(agent.unit);
    if (sum === undefined) sums.set(agent.unit, (sum = { members: 0, paused: 0, aux: 0, base: 0 }));
    sum.members += 1;
    if (agent.state === "paused") sum.paused += 1;
    sum.aux += auxNow(agent, now_s);
    sum.base += baseNow(agent, now_s);
  }
  return new Map(
    [...sums].map(([unit, { members, paused, aux, base }]) => [
      unit,
      { members, paused, aux_ratio: base > 0 ? aux / base : null },
    ]),
  );
}

export function callsWaiting(queues: Iterable<Queue>): Waiting {
  const waited = [...queues].filter((queue) => queue.waiting > 0);
  waited.sort((a, b) => (a.oldest_since ?? Infinity) - (b.oldest_since ?? Infinity));
  const waiting = waited.reduce((sum, queue) => sum + queue.waiting, 0);
  return { waiting, oldest_since: waited[0]?.oldest_since ?? null, queues: waited };
}
