// What an agent's pages ask of the bank's services. Amounts are whole seconds, days `2026-11-28`, moments epoch seconds.

import { ask } from "./api";

/** What a day owes by one origin (`2026-11-10/idle`): made leave, of it offset, taken over by attendance, and open. */
export interface LoanItem {
  item: string;
  made: number;
  offset: number;
  taken: number;
  open: number;
}

/** Why full attendance is lost; `day` is null where it is of the month as a whole. */
export interface Fault {
  what: string;
  day: string | null;
  seconds: number;
}

export interface Loan {
  month: string;
  /** From the beginning of this day on it can be offset, until `closes`. */
  opens: string;
  closes: number;
  owed: number;
  could: number;
  balance: number;
  /** What is undecided is offset when the month closes, where that secures full attendance. */
  by_itself: boolean;
  items: LoanItem[];
  /** With what would be offset by itself; null as long as nothing is foreseen. */
  forecast: { full: boolean; points: number; faults: Fault[] } | null;
}

/** Of one item, or of all in the order of days; so many seconds, or all. `keep`: nothing is offset by itself. */
export interface Choice {
  item?: string;
  seconds?: number;
  keep?: boolean;
}

/** Of a whole day or a part of one; `state`: applied, waiting, approved, refused, cancelled, withdrawn, taken. */
export interface OwnApplication {
  application: string;
  seconds: number;
  /** Planned for the day besides what could be held. */
  missing: number;
  state: string;
  /** The last day on which what is approved can be cancelled. */
  cancel_until: string;
}

export interface DayOff {
  day: string;
  /** So many more can be off, for so long together (null: for any); both null where nobody has said how many may. */
  agents: number | null;
  seconds: number | null;
  waiting: number;
  /** Who waits before the own application. */
  ahead: number | null;
  /** Who gives the places of the day, and when, where it is by rule. */
  unit: string | null;
  allocated_at: number | null;
  /** What a whole day costs; nothing where there is no shift. */
  costs: number;
  own: OwnApplication[];
}

/** One day; with `until` all from that on; with `from` and `to`, in epoch seconds, a part of the day. */
export interface Wish {
  day: string;
  until?: string;
  from?: number;
  to?: number;
}

export interface Applicant {
  application: string;
  agent: string;
  granted_days: number;
  contract_ppm: number;
  joined_on: string;
  /** In microseconds. */
  applied_at: number;
}

/** In its order; `winners` are applications. */
export interface Allocation {
  applicants: Applicant[];
  winners: string[];
}

export const bank = {
  loan: () => ask<Loan>("GET", "/api/me/loan"),
  offset: (choice: Choice, key: string) => ask<Loan>("POST", "/api/me/offsets", choice, key),
  daysOff: (first: string, last: string) =>
    ask<{ days: DayOff[] }>("GET", `/api/withdrawals/calendar?from=${first}&to=${last}`),
  apply: (wish: Wish, key: string) =>
    ask<{ applications: { state: string }[] }>("POST", "/api/withdrawals", wish, key),
  cancel: (application: string, key: string) =>
    ask<{ state: string }>("POST", "/api/withdrawals/cancellations", { application }, key),
  allocation: (unit: string, day: string) =>
    ask<Allocation>("GET", `/api/allocations/${encodeURIComponent(unit)}/${day}`),
};
