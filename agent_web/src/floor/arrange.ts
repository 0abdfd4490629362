// Which agents the board shows, in which order. Asked for on a click and each ten seconds, never because one changed.

import type { Site } from "../http/api";
import type { Agent } from "../live/frames";
import { lookOf, nearLimit, needsAttention, type Look } from "./agents";
import { PIECE, sorting, type Pieces } from "./pieces";

export type Sort = "state" | "longest" | "name";

export interface Choice {
  unit: string | null;
  search: string;
  paused: boolean;
  near: boolean;
  sort: Sort;
}

export interface Group {
  unit: string;
  ids: string[];
}

const LOOK_ORDER: Record<Look, number> = {
  paused: 0,
  unreachable: 0,
  on_call: 1,
  other_call: 1,
  ringing: 2,
  wrap_up: 3,
  available: 4,
  exempt: 5,
  unobserved: 6,
  signed_out: 7,
};

/** In pieces; `agents` must stay as they are meanwhile. */
export function* arranging(
  agents: Iterable<Agent>,
  choice: Choice,
  site: Site,
  now_s: number,
  collator: Intl.Collator,
): Pieces<Group[]> {
  const rank = ranking(choice.sort, site, now_s);
  const teams = new Map<string, Ranked[]>(site.units.map(({ unit }) => [unit, []]));
  let looked_at = 0;
  for (const agent of agents) {
    if (++looked_at % PIECE === 0) yield;
    if (!isWanted(agent, choice, site, now_s)) continue;
    const ranked = { agent, rank: rank(agent), since: agent.since };
    const team = teams.get(agent.unit);
    if (team === undefined) teams.set(agent.unit, [ranked]);
    else team.push(ranked);
  }
  const order = choice.sort === "name" ? byName(collator) : byRank(collator);
  const groups: Group[] = [];
  for (const [unit, members] of teams) {
    if (members.length === 0) continue;
    const sorted = yield* sorting(members, order);
    groups.push({ unit, ids: sorted.map(({ agent }) => agent.agent) });
  }
  return groups;
}

export function isWanted(agent: Agent, choice: Choice, site: Site, now_s: number): boolean {
  if (choice.unit !== null && agent.unit !== choice.unit) return false;
  if (choice.paused && agent.state !== "paused") return false;
  if (choice.near && !nearLimit(agent, site, now_s)) return false;
  return matches(agent, choice.search);
}

/** Each word of the search is in the name or begins the number. */
export function matches(agent: Agent, search: string): boolean {
  const name = agent.name.toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => name.includes(word) || agent.agent.startsWith(word));
}

/** What is compared, worked out once an agent: thousands are compared a dozen times each. */
interface Ranked {
  agent: Agent;
  rank: number;
  since: number;
}

function ranking(sort: Sort, site: Site, now_s: number): (agent: Agent) => number {
  // How long someone has been away from work asks nothing of anybody: the signed-out stand last.
  if (sort === "longest") return (agent) => (agent.state === "signed_out" ? 1 : 0);
  return (agent) => (needsAttention(agent, site, now_s) ? -1 : LOOK_ORDER[lookOf(agent, now_s)]);
}

function byRank(collator: Intl.Collator) {
  return (a: Ranked, b: Ranked) =>
    a.rank - b.rank || a.since - b.since || collator.compare(a.agent.agent, b.agent.agent);
}

function byName(collator: Intl.Collator) {
  return (a: Ranked, b: Ranked) =>
    collator.compare(a.agent.name, b.agent.name) || collator.compare(a.agent.agent, b.agent.agent);
}
