// Which of the published policies are an agent's: what holds, and what will. Pure.

import type { PublishedPolicy } from "../http/bank_api";

/** What an agent asks about first; all other keys stand behind them. */
export const FIRST_KEYS: ReadonlySet<string> = new Set([
  "rate_ppm",
  "expected_base_s",
  "allowance_min_s",
  "overdraft_takes",
  "schedules",
  "expires_after_months",
  "loan.busy_first",
  "loan.busy_last",
  "full_attendance.points",
  "days_off.approve",
  "days_off.cancel_days_before",
  "days_off.allocate",
  "rulings.appeal_days",
]);

export interface Mine {
  now: PublishedPolicy | null;
  /** Those to come, the nearest first. */
  next: PublishedPolicy[];
}

/** A unit's own goes before that of all units. */
export function mineOf(all: readonly PublishedPolicy[], unit: string, today: string): Mine {
  const shown = all.filter((one) => one.unit === null || one.unit === unit);
  const holding = shown.filter((one) => one.from <= today && (one.to === null || today < one.to));
  const now = holding.find((one) => one.unit !== null) ?? holding[0] ?? null;
  const next = shown.filter((one) => one.from > today).sort((a, b) => a.from.localeCompare(b.from));
  return { now, next };
}

/** `the policy of team-1 since 2026-11-01`, as an explanation names it: of which unit, empty for all, and since when. */
export function policyNamed(said: string): { unit: string; since: string } {
  const found = /^the policy of (.+?)(?: since (\d{4}-\d{2}-\d{2}))?$/.exec(said);
  const unit = found?.[1] ?? "";
  return { unit: unit === "all units" ? "" : unit, since: found?.[2] ?? "" };
}

export function isDefault(value: unknown, other: unknown): boolean {
  return JSON.stringify(value) === JSON.stringify(other);
}
