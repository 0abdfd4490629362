// Two periods of the same length, side by side. Pure.

import { dayAfter } from "../time/moments";

export const PERIODS = ["week", "month"] as const;
export type PeriodName = (typeof PERIODS)[number];

/** From `from` to `to`, held against as many days from `against` on, until `until`. */
export interface Period {
  from: string;
  to: string;
  against: string;
  until: string;
}

/** The week or month that runs on a day, up to the day before, and the one before it up to the same day; on its first
 * day the last whole one. */
export function periodOf(kind: PeriodName, today: string): Period {
  const yesterday = dayAfter(today, -1);
  const from = firstOf(kind, yesterday);
  const against = firstOf(kind, dayAfter(from, -1));
  const days = daysBetween(from, yesterday);
  return { from, to: yesterday, against, until: dayAfter(against, days) };
}

function firstOf(kind: PeriodName, day: string): string {
  if (kind === "month") return `${day.slice(0, 7)}-01`;
  const weekday = (new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7;
  return dayAfter(day, -weekday);
}

function daysBetween(first: string, last: string): number {
  return Math.round((Date.parse(`${last}T00:00:00Z`) - Date.parse(`${first}T00:00:00Z`)) / 86_400_000);
}
