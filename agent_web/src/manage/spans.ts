// Spans of time: how long something may last, as it is offered; what was typed of a day. Pure.

import type { Counts } from "../http/manage_api";
import type { Clock } from "../time/clocks";
import { dayAfter, momentOf } from "../time/moments";

/** What a span can count as, that which is ruled most often first. */
export const COUNTS: readonly Counts[] = ["exempt", "available", "left_out", "aux"];

const HALF_HOUR_S = 1_800;
const FIVE_MINUTES_S = 300;
const STARTS_MAX = 13;

/** Each half hour up to the most, and that itself. */
export function spansUpTo(most_s: number): number[] {
  const halves = Array.from({ length: Math.floor(most_s / HALF_HOUR_S) }, (_, at) => (at + 1) * HALF_HOUR_S);
  return most_s > 0 && halves.at(-1) !== most_s ? [...halves, most_s] : halves;
}

/** How long ago something may have begun, from just now on; not all of the most, which has passed when it is asked. */
export function startsBackTo(most_s: number): number[] {
  const earlier = Math.min(STARTS_MAX, Math.ceil(most_s / FIVE_MINUTES_S));
  return Array.from({ length: Math.max(1, earlier) }, (_, at) => at * FIVE_MINUTES_S);
}

/** Epoch seconds of what was typed of a business day: what is earlier than its start follows its night. */
export function spanOfDay(day: string, clock: Clock, from: string, to: string): [number, number] {
  const { day_starts_at, timezone } = clock;
  const first = `${from}:00` < day_starts_at ? dayAfter(day, 1) : day;
  return [momentOf(first, from, timezone), momentOf(to > from ? first : dayAfter(first, 1), to, timezone)];
}

/** Epoch seconds of what was typed; over midnight where it ends no later than it begins. Null where something lacks. */
export function spanOf(day: string, from: string, to: string, zone: string): [number, number] | null {
  if (day === "" || from === "" || to === "" || from === to) return null;
  return [momentOf(day, from, zone), momentOf(to > from ? day : dayAfter(day, 1), to, zone)];
}
