// The calendar of days off as the page shows it. Pure.

import type { DayOff, OwnApplication } from "../http/bank_api";
import { dayAfter, dayAt, momentOf } from "../time/moments";

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

/** The first day that there is anything to see of: in a month's last days that is often one of the next. */
export function begins(days: ReadonlyMap<string, DayOff>, today: string, now_s: number): string | null {
  const told = [...days.values()].filter(
    (day) => !["none", "no_shift", "past"].includes(lookOf(day, today, now_s)),
  );
  return told.map((day) => day.day).sort()[0] ?? null;
}

export function mayCancel(own: OwnApplication, today: string): boolean {
  return isOpen(own.state) && (own.state !== "approved" || today <= own.cancel_until);
}

/** What days from one to another cost together: those on which one can be off. */
export function costOf(days: readonly DayOff[]): number {
  return days.reduce((sum, day) => sum + day.costs, 0);
}

/** From when to when, in epoch seconds, two times of day are of a day: what lies before its shifts is in the next one,
    where a night's reach into that. Nothing of it where one of them is not typed yet. */
export function partOf(day: DayOff, from: string, to: string, timezone: string): [number, number] {
  if (from === "" || to === "") return [0, 0];
  const on = (which: string, time: string) => momentOf(which, time, timezone);
  const first = on(day.day, from);
  const later = on(dayAfter(day.day, 1), from);
  const isOfNight = day.begins !== null && day.ends !== null && first < day.begins && later < day.ends;
  const begins = isOfNight ? later : first;
  const ends = on(dayAt(begins, timezone), to);
  return [begins, ends > begins ? ends : on(dayAfter(dayAt(begins, timezone), 1), to)];
}
