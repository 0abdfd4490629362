// What can be given, and what of it is left. Pure.

import type { Budget, Cap } from "../http/manage_api";

const HOUR_S = 3_600;
const MINUTE_S = 60;

/** Of what was typed: nothing, where it is no number or less than nothing. */
export function secondsOf(hours: number | null, minutes: number | null): number {
  const whole = (amount: number | null) =>
    amount === null || !Number.isFinite(amount) ? 0 : Math.max(0, Math.trunc(amount));
  return whole(hours) * HOUR_S + whole(minutes) * MINUTE_S;
}

/** From what is given: how much it may be, what of that is gone. */
export interface Source {
  of: string;
  cap: number;
  given: number;
}

/** A packet of a unit draws on each unit above it, too: the one of `line` of which the least is left. */
export function tightest(line: readonly string[], caps: readonly Cap[]): Source | null {
  const known = caps.filter((one) => line.includes(one.unit));
  const least = known.reduce<Cap | null>((a, b) => (a === null || b.left < a.left ? b : a), null);
  return least === null ? null : { of: least.unit, cap: least.cap, given: least.given };
}

export function heldBy(budgets: readonly Budget[], person: string): Budget[] {
  return budgets.filter((one) => one.holder === person && !one.ended);
}
