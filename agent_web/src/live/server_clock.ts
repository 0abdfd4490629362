// The pages run their timers on the server's clock, which a simulated floor may run many times faster than ours.

export interface ServerClock {
  /** The server's epoch seconds at our `at_ms`. */
  at_s: number;
  at_ms: number;
  /** Server seconds a second of ours. */
  rate: number;
  /** Where the present measurement of the rate began, and what the one before it gave. */
  measured_s: number;
  measured_ms: number;
  measured_rate: number;
  /** Since when all frames have come from behind this clock; null while they have not. */
  behind_since_ms: number | null;
}

/** A frame's travel varies by some tenths of a second; following that would make timers tremble. */
const JITTER_S_MAX = 0.5;
/** No frame comes early, some come late: only when all do for so long has the server's clock been set back. */
const BEHIND_MS_MAX = 12_000;
const RATE_MEASURED_OVER_MS = 2_000;
/** Rates this close to each other are the same; close to 1, a real clock. */
const RATE_TOLERANCE = 0.2;

export function startClock(now_s: number, local_ms: number): ServerClock {
  const measured = { measured_s: now_s, measured_ms: local_ms, measured_rate: 1 };
  return { at_s: now_s, at_ms: local_ms, rate: 1, ...measured, behind_since_ms: null };
}

export function serverNow(clock: ServerClock, local_ms: number): number {
  return clock.at_s + ((local_ms - clock.at_ms) / 1000) * clock.rate;
}

/** The clock after a frame said `now_s`, and came at our `local_ms`. */
export function heardClock(clock: ServerClock | null, now_s: number, local_ms: number): ServerClock {
  if (clock === null) return startClock(now_s, local_ms);
  const measured = measureRate(clock, now_s, local_ms);
  const set = { ...measured, at_s: now_s, at_ms: local_ms, behind_since_ms: null };
  if (measured.rate !== 1) return set;
  const error_s = now_s - serverNow(measured, local_ms);
  if (error_s > JITTER_S_MAX) return set;
  if (error_s >= -JITTER_S_MAX) return { ...measured, behind_since_ms: null };
  const behind_since_ms = measured.behind_since_ms ?? local_ms;
  return local_ms - behind_since_ms >= BEHIND_MS_MAX ? set : { ...measured, behind_since_ms };
}

/** One measurement may hold a sleep, a stalled line, a clock that was set: a rate is believed when two agree. */
function measureRate(clock: ServerClock, now_s: number, local_ms: number): ServerClock {
  const passed_ms = local_ms - clock.measured_ms;
  if (passed_ms < RATE_MEASURED_OVER_MS) return clock;
  const seen = ((now_s - clock.measured_s) * 1000) / passed_ms;
  const measured_rate = seen <= 0 || isClose(seen, 1) ? 1 : seen;
  const agreed = isClose(measured_rate, clock.measured_rate);
  const measured = { ...clock, measured_s: now_s, measured_ms: local_ms, measured_rate };
  if (!agreed || measured_rate === clock.rate) return measured;
  return { ...measured, rate: measured_rate, at_s: now_s, at_ms: local_ms };
}

function isClose(rate: number, other: number): boolean {
  return Math.abs(rate - other) <= RATE_TOLERANCE * other;
}
