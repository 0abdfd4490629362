// Who is in a unit, and who is meant by what was typed. Pure.

import type { OfficeUnit } from "../http/manage_api";
import type { Agent } from "../live/frames";

/** The unit and all below it. */
export function below(units: readonly OfficeUnit[], unit: string): ReadonlySet<string> {
  return new Set(units.filter((one) => one.line.includes(unit)).map((one) => one.unit));
}

export function membersOf(agents: Iterable<Agent>, units: ReadonlySet<string>): Agent[] {
  return [...agents].filter((one) => units.has(one.unit));
}

/** By name or number, those first that begin so; at most so many. */
export function found(agents: readonly Agent[], typed: string, most: number): Agent[] {
  const wanted = typed.trim().toLocaleLowerCase();
  if (wanted === "") return [];
  const rank = (one: Agent) => {
    const [name, number] = [one.name.toLocaleLowerCase(), one.agent.toLocaleLowerCase()];
    if (name.startsWith(wanted) || number.startsWith(wanted)) return 0;
    return name.includes(wanted) || number.includes(wanted) ? 1 : 2;
  };
  return agents
    .map((one) => ({ one, at: rank(one) }))
    .filter(({ at }) => at < 2)
    .sort((a, b) => a.at - b.at || a.one.agent.localeCompare(b.one.agent))
    .slice(0, most)
    .map(({ one }) => one);
}
