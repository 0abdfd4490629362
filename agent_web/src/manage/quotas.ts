// What was said of a unit's places, and what that means for a day. Pure.

import type { Quota, Weekday } from "../http/manage_api";

export const WEEKDAYS: readonly Weekday[] = [
  "monday",
  "tuesday",
  "wednesday",
  "thursday",
  "friday",
  "saturday",
  "sunday",
  "holiday",
];

const HOUR_S = 3_600;

/** As people say it; null where hours are not limited. */
export function hoursOf(seconds: number | null): number | null {
  return seconds === null ? null : seconds / HOUR_S;
}

export function secondsOfHours(hours: number | null): number | null {
  return hours === null ? null : Math.round(hours * HOUR_S);
}

export function weekdayOf(day: string): Weekday {
  return WEEKDAYS[(new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7] ?? "monday";
}

/** Of each kind of day what was said last, in the order of the week, days like any other before those of a load. */
export function templates(said: readonly Quota[]): Quota[] {
  const newest = new Map(said.map((one) => [`${one.on}/${one.load}`, one]));
  const at = (one: Quota) => WEEKDAYS.indexOf(one.on as Weekday);
  return [...newest.values()]
    .filter((one) => at(one) >= 0)
    .sort((a, b) => at(a) - at(b) || a.load.localeCompare(b.load));
}

export function loadsOf(said: readonly Quota[]): string[] {
  return [...new Set(said.map((one) => one.load))].filter((load) => load !== "").sort();
}

/** What a template says that is for such a day and load; null where none does. */
export function saidOf(said: readonly Quota[], on: string, load: string): Quota | null {
  return said.findLast((one) => one.on === on && one.load === load) ?? null;
}

/** What a load would make of a day that is no holiday: `own` where the day has a quota of its own, which stays. */
export function underLoad(said: readonly Quota[], day: string, load: string): Quota | "own" | null {
  if (said.some((one) => one.on === day)) return "own";
  const weekday = weekdayOf(day);
  return (load === "" ? null : saidOf(said, weekday, load)) ?? saidOf(said, weekday, "");
}
