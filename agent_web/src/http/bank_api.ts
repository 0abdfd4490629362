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

export const bank = {
  loan: () => ask<Loan>("GET", "/api/me/loan"),
  offset: (choice: Choice, key: string) => ask<Loan>("POST", "/api/me/offsets", { ...choice, key }),
};
