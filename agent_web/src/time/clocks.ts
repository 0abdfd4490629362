// The clocks that units' days are counted by, as the site tells them.

import type { Site } from "../http/api";
import { dayAfter, dayAt, timeOfDay } from "./moments";

/** What is earlier than `day_starts_at`, as `04:00:00`, is of the business day before. */
export interface Clock {
  timezone: string;
  day_starts_at: string;
}

/** Of a unit that the page is not told of, and of none (""), the site's. */
export function clockOf(unit: string, site: Site): Clock {
  return site.units.find((known) => known.unit === unit) ?? site;
}

export function zoneOf(unit: string, site: Site): string {
  return clockOf(unit, site).timezone;
}

/** The business day `2026-11-23` that runs at a moment. */
export function businessDayAt(epoch_s: number, { timezone, day_starts_at }: Clock): string {
  const day = dayAt(epoch_s, timezone);
  return `${timeOfDay(epoch_s, timezone)}:00` < day_starts_at ? dayAfter(day, -1) : day;
}

/** The one that runs now in a unit, or at the site (""); "" as long as it is not known what time it is. */
export function todayIn(unit: string, site: Site, now_s: number): string {
  return now_s === 0 ? "" : businessDayAt(now_s, clockOf(unit, site));
}
