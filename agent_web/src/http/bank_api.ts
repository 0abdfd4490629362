// What an agent's pages ask of the bank's services. Amounts are whole seconds, days `2026-11-28`, moments epoch seconds.

import { ask, type Facts } from "./api";

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
  /** What would expire as the month closes; null where nothing ever does. */
  expires: { months: number; since: string; seconds: number; accounts: Record<string, number> } | null;
}

/** Of one item, or of all in the order of days; so many seconds, or all. `keep`: nothing is offset by itself. */
export interface Choice {
  item?: string;
  seconds?: number;
  keep?: boolean;
  back?: boolean;
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
  /** The unit in which I am on that day, where it was applied for in another. */
  moved_to: string | null;
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
  /** From when to when its shifts are, in epoch seconds: a night's reach into the next day. */
  begins: number | null;
  ends: number | null;
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
  /** Of days that are had together or not at all. */
  run?: string;
}

/** In its order; `winners` are applications. */
export interface Allocation {
  applicants: Applicant[];
  winners: string[];
}

/** A segment of a seat in a span of the day, times as the unit's clock says them, with their offset. */
export interface Seen {
  start: string;
  end: string | null;
  state: string;
  reason: string;
  began: Said | null;
  ended: Said | null;
}

/** An event in the switch's own words, or why they are not there any more. */
export interface Said {
  text: string;
  missing: string;
}

export interface Part {
  start: string;
  end: string;
  /** What it counts as. */
  is: string;
  seen: Seen[];
}

export interface Explained {
  transfer: string;
  posted: { asked_by: string; text: string; facts: Facts; recorded_at: string };
  /** What it does to the balance, and what it adds to the leave that is owed. */
  amount: number;
  leave: number;
  moves: { day: string; service: string }[];
  /** How it came about, in English. */
  words: string[];
  day: { day: string; policy: string; parts: Part[]; doubts: string[] } | null;
  acts: { at: string; by: string; kind: string; why: string }[];
}

/** `state`: open, upheld, rejected, withdrawn. `answer`: why it was decided so, where appeals are listed. */
export interface Appeal {
  appeal: string;
  transfer: string;
  state: string;
  answer?: string;
}

export interface PolicyKey {
  key: string;
  value: unknown;
  default: unknown;
  why: string;
}

/** Of a unit (null: of all without an own one), until the day before `to`. */
export interface PublishedPolicy {
  id: string;
  unit: string | null;
  from: string;
  to: string | null;
  published_at: number;
  published_by: string;
  agreed_by: string | null;
  reason: string;
  read_at: number | null;
  keys: PolicyKey[];
}

/** How many rows of what, null where nobody can count them; moments of the first and the last. */
export interface Recorded {
  categories: {
    name: string;
    rows: number | null;
    first: number | null;
    last: number | null;
    kept_days: number | null;
    seen_by: string[];
  }[];
}

export interface RecordedLines {
  lines: { at: number; what: Record<string, unknown> }[];
  next: string | null;
}

export const bank = {
  recorded: () => ask<Recorded>("GET", "/api/me/recorded"),
  /** `next` is where what was read before has ended. */
  recordedLines: (name: string, next: string | null) =>
    ask<RecordedLines>(
      "GET",
      `/api/me/recorded/${name}?limit=20${next === null ? "" : `&next=${encodeURIComponent(next)}`}`,
    ),
  explain: (transfer: string) => ask<Explained>("GET", `/api/explain/${encodeURIComponent(transfer)}`),
  appeals: (day: string) => ask<{ appeals: Appeal[] }>("GET", `/api/appeals?from=${day}&to=${day}`),
  appeal: (transfer: string, reason: string, key: string) =>
    ask<Appeal>("POST", "/api/appeals", { transfer, reason }, key),
  withdrawAppeal: (appeal: string, reason: string, key: string) =>
    ask<Appeal>("POST", "/api/appeals/withdrawals", { appeal, reason }, key),
  policies: () => ask<{ policies: PublishedPolicy[] }>("GET", "/api/policies"),
  readPolicy: (id: string) =>
    ask<{ read_at: number }>("POST", `/api/me/policies/${encodeURIComponent(id)}/read`),
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
