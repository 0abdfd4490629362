// What a balance buys: days and half days of leave of eight hours. Whether a place is free that day is not known here.

export const HALF_DAY_S = 4 * 3600;

export interface Buys {
  days: number;
  half: boolean;
  /** Seconds to the next half day. */
  missing: number;
}

export function whatItBuys(balance_s: number): Buys {
  const halves = Math.floor(Math.max(0, balance_s) / HALF_DAY_S);
  const missing = (halves + 1) * HALF_DAY_S - Math.max(0, balance_s);
  return { days: Math.floor(halves / 2), half: halves % 2 === 1, missing };
}
