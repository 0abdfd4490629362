// The pages run their timers on the server's clock, which a simulated floor may run many times faster than ours.

export interface ServerClock {
  /** The server's epoch seconds at our `at_ms`. */
  at_s: number;
  at_ms: number;
  /** Server seconds a second of ours. */
  rate: number;
  /** Where the present measurement of the rate began. */
  measured_s: number;
  measured_ms: number;
}

/** A frame's travel varies by some tenths of a second; following that would make timers tremble. */
const JITTER_S_MAX = 0.5;
const RATE_MEASURED_OVER_MS = 2_000;
/** Rates this close to 1 are a real clock. */
const RATE_TOLERANCE = 0.2;

export function startClock(now_s: number, local_ms: number): ServerClock {
  return { at_s: now_s, at_ms: local_ms, rate: 1, measured_s: now_s, measured_ms: local_ms };
}

export function serverNow(clock: ServerClock, local_ms: number): number {
  return clock.at_s + ((local_ms - clock.at_ms) / 1000) * clock.rate;
}

/** The clock after a frame said `now_s` at our `local_ms`. */
export function heardClock(clock: ServerClock | null, now_s: number, local_ms: number): ServerClock {
  if (clock === null) return startClock(now_s, local_ms);
  const measured = measureRate(clock, now_s, local_ms);
  const error_s = now_s - serverNow(measured, local_ms);
  if (measured.rate === 1 && Math.abs(error_s) <= JITTER_S_MAX) return measured;
  return { ...measured, at_s: now_s, at_ms: local_ms };
}

function measureRate(clock: ServerClock, now_s: number, local_ms: number): ServerClock {
  const passed_ms = local_ms - clock.measured_ms;
  if (passed_ms < RATE_MEASURED_OVER_MS) return clock;
  const seen = ((now_s - clock.measured_s) * 1000) / passed_ms;
  const rate = seen <= 0 || Math.abs(seen - 1) <= RATE_TOLERANCE ? 1 : seen;
  if (rate === clock.rate) return { ...clock, measured_s: now_s, measured_ms: local_ms };
  return { at_s: now_s, at_ms: local_ms, rate, measured_s: now_s, measured_ms: local_ms };
}
