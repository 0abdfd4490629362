// The calendar of days off as the page shows it. Pure.

import type { DayOff, OwnApplication } from "../http/bank_api";
import { dayAfter } from "../time/moments";

/** free: a place is left. full: none is, one can wait. by_rule: given out at a deadline. none: nobody gives any. */
export type DayLook =
  "applied" | "approved" | "waiting" | "free" | "full" | "by_rule" | "no_shift" | "none" | "past";

const OPEN = ["applied", "approved", "waiting"] as const;
type Open = (typeof OPEN)[number];

export function openOf(day: DayOff): OwnApplication | null {
  return day.own.find((one) => isOpen(one.state)) ?? null;
}

export function isOpen(state: string): state is Open {
  return (OPEN as readonly string[]).includes(state);
}

export function lookOf(day: DayOff | undefined, today: string, now_s: number): DayLook {
  if (day === undefined || day.day <= today) return "past";
  const own = openOf(day);
  if (own !== null && isOpen(own.state)) return own.state;
  if (day.agents === null) return "none";
  if (day.costs === 0) return "no_shift";
  if (day.allocated_at !== null && now_s < day.allocated_at) return "by_rule";
  return day.agents > 0 && (day.seconds ?? 1) > 0 ? "free" : "full";
}

export function mayApply(look: DayLook): boolean {
  return look === "free" || look === "full" || look === "by_rule";
}

export function mayCancel(own: OwnApplication, today: string): boolean {
  return isOpen(own.state) && (own.state !== "approved" || today <= own.cancel_until);
}

/** A month's days in weeks that begin on Monday; null where another month's would be. */
export function weeksOf(month: string): (string | null)[][] {
  const first = `${month}-01`;
  const lead = (new Date(`${first}T00:00:00Z`).getUTCDay() + 6) % 7;
  const days: (string | null)[] = Array<null>(lead).fill(null);
  for (let day = first; day.startsWith(month); day = dayAfter(day, 1)) days.push(day);
  while (days.length % 7 > 0) days.push(null);
  return Array.from({ length: days.length / 7 }, (_, week) => days.slice(week * 7, week * 7 + 7));
}

export function monthAfter(month: string, months: number): string {
  const [year = 0, number = 1] = month.split("-").map(Number);
  const at = year * 12 + number - 1 + months;
  return `${Math.floor(at / 12)}-${String((at % 12) + 1).padStart(2, "0")}`;
}

/** What days from one to another cost together: those on which one can be off. */
export function costOf(days: readonly DayOff[]): number {
  return days.reduce((sum, day) => sum + day.costs, 0);
}
