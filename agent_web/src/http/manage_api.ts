// What the pages of who leads units ask. Amounts are whole seconds, days `2026-11-28`, moments epoch seconds.

import { ask, askTagged, type Facts } from "./api";
import type { Appeal } from "./bank_api";

export type ActName =
  | "give"
  | "hand_budget"
  | "open_emergency"
  | "enter_overtime"
  | "rule"
  | "decide_appeal"
  | "decide"
  | "set_quota";

/** A unit that is shown to who is signed in: what they may do there, and what can be chosen. `line`: the unit and all
 * above it; `levels` with their interest in parts per million. */
export interface OfficeUnit {
  unit: string;
  name: string;
  line: string[];
  may: ActName[];
  kinds: string[];
  levels: Record<string, number>;
  emergency_s_max: number;
  emergency_back_s_max: number;
  call_out_wait_s: number;
  /** Where more is entered by hand for a day, it counts once a second person approves it. */
  entry_second_s: number;
  ruling_days_max: number;
  /** Places of days off were said for this very unit. */
  has_quotas: boolean;
}

/** `agrees`: to changes that others propose of what days are judged by. */
export interface Office {
  units: OfficeUnit[];
  agrees: boolean;
}

/** So many more, for so long together (null: for any). */
export interface Places {
  agents: number;
  seconds: number | null;
}

export interface Application {
  application: string;
  agent: string;
  unit: string;
  day: string;
  seconds: number;
  missing: number;
  state: string;
  applied_at: number;
}

/** An application that somebody has to decide. `place`: where its agent stands in the published order of those who are
 * undecided for the day. */
export interface Undecided extends Application {
  left: Places | null;
  balance: number;
  place: number;
  granted_days: number;
  contract_ppm: number;
}

export interface Entry {
  entry: string;
  emergency: string;
  agent: string;
  day: string;
  seconds: number;
  by: string;
  approved_by: string | null;
  declined_by: string | null;
  counts: boolean;
  reason: string;
  /** As long as it waits: what counts already of the agent's day, in other emergencies, and how much in all needs no
   * second person. */
  entered_already: number | null;
  limit: number | null;
}

export interface Proposal {
  proposal: string;
  unit: string;
  agents: string[];
  seconds: number;
  kind: string;
  reason: string;
}

/** What it would do, as far as that was reckoned. */
export interface Effect {
  from?: string;
  to?: string;
  measured_days?: number;
  takes_out?: string[];
  agents?: number | string[];
  better?: number;
  worse?: number;
  seconds?: Record<string, number> | null;
}

export interface Change {
  change: string;
  kind: "policy" | "rule" | "roster" | "people";
  what: string;
  effect: Effect;
  by: string;
  at: number;
  reason: string;
  state: string;
}

export interface OpenAppeal extends Appeal {
  agent: string;
  unit: string;
  day: string;
  reason: string;
}

/** Times as the unit's clock says them, with their offset; personal reasons are told as that. */
export interface AppealedSpan {
  start: string;
  end: string;
  counts_as: string;
  reasons: string[];
}

/** The line that an appeal is against, as it stands on its statement, and the spans that its figures are of. */
export interface Appealed {
  transfer: string;
  day: string;
  service: string;
  amount: number;
  leave: number;
  text: string;
  facts: Facts;
  spans: AppealedSpan[];
}

export interface Unruled {
  agent: string;
  unit: string;
  day: string;
  what: string;
  spans: [number, number][];
}

export type Counts = "available" | "exempt" | "aux" | "left_out";

/** Of an agent or of a unit, in epoch seconds; `reverses` names the one that is as if it had never been made. */
export interface Ruling {
  ruling: string;
  agent: string | null;
  unit: string | null;
  starts: number;
  ends: number;
  counts: Counts | "as_measured";
  reverses: string | null;
}

export interface Cap {
  unit: string;
  cap: number;
  given: number;
  left: number;
}

export interface Budget {
  budget: string;
  unit: string;
  holder: string;
  seconds: number;
  given: number;
  reason: string;
  ended: boolean;
}

export interface Packet {
  unit: string;
  agents: string[];
  seconds: number;
  kind: string;
  reason: string;
  budget: string;
}

export interface Emergency {
  emergency: string;
  unit: string;
  level: string;
  interest_ppm: number;
  round_up_s: number;
  starts: number;
  ends: number;
}

/** `comes` is null while nothing was answered. */
export interface CallOut {
  agent: string;
  called_at: number;
  comes: boolean | null;
  answered_at: number | null;
  signed_in_at: number | null;
}

/** More overtime than is good, on the day or in its month. */
export interface MuchOvertime {
  within: "day" | "month";
  seconds: number;
  enough: number;
}

/** In seconds; `entered` is what of the principal nobody measured. */
export interface Worked {
  agent: string;
  day: string;
  principal: number;
  entered: number;
  interest: number;
  warnings: MuchOvertime[];
}

export interface ShownEmergency extends Emergency {
  calls: CallOut[];
  entries: Entry[];
  worked: Worked[];
}

export type Weekday =
  "monday" | "tuesday" | "wednesday" | "thursday" | "friday" | "saturday" | "sunday" | "holiday";

/** `on` a day, or on each such day of the week; for days of a `load` alone, or, where that is empty, for any. */
export interface Quota {
  on: string;
  agents: number;
  seconds: number | null;
  load: string;
}

/** In the order in which they were said, and the version that was read. */
export interface Quotas {
  unit: string;
  quotas: Quota[];
  tag: string;
}

/** Of a unit with those below it. `quota` is its own, `left` what that of each unit above leaves, too; `load` what the
 * day is like, as somebody has said. */
export interface UnitDay {
  day: string;
  quota: Places | null;
  left: Places | null;
  approved: number;
  applied: number;
  waiting: number;
  load: string;
}

export interface Figures {
  agent_days: number;
  /** Of a distribution: how many agents are in each half of a percent. */
  steps?: number[];
  [figure: string]: unknown;
}

export interface ReportRow extends Figures {
  from: string;
  to: string;
  unit: string;
  against?: Figures;
}

export interface Report {
  formulas: Record<string, string>;
  rows: ReportRow[];
}

export interface UnitSupply {
  unit: string;
  deposited: Record<string, number>;
  taken: Record<string, number>;
  outstanding: number;
  held: number;
  outstanding_days: number | null;
  gift_cap: number;
  gifts: number;
  payable: number;
  can_be_staffed: boolean | null;
}

const LIMIT = 200;
/** Nobody looks through more; a list that long is for a report. */
const PAGES_MAX = 10;
const path = encodeURIComponent;

/** A list as a whole, page by page; `name` is what it is called in the answer. */
async function all<T>(address: string, name: string): Promise<T[]> {
  const found: T[] = [];
  let next: string | null = null;
  for (let page = 0; page < PAGES_MAX && (page === 0 || next !== null); page += 1) {
    const asked: string = next === null ? "" : `&next=${path(next)}`;
    const answer: Record<string, unknown> = await ask("GET", `${address}limit=${LIMIT}${asked}`);
    found.push(...(answer[name] as T[]));
    next = answer["next"] as string | null;
  }
  return found;
}

/** An appeal that is upheld is ruled on: from when to when, in epoch seconds, and as what it counts. */
export interface AppealDecision {
  appeal: string;
  verdict: string;
  reason: string;
  from?: number;
  to?: number;
  counts?: Counts;
}

/** Of one agent, or of all who are in a unit. */
export interface RulingAsked {
  agent?: string;
  unit?: string;
  from: number;
  to: number;
  counts: Counts;
  reason: string;
}

export interface BudgetAsked {
  unit: string;
  holder: string;
  seconds: number;
  reason: string;
}

/** It lasts as long as its unit's policy lets it, unless it is said until when. */
export interface EmergencyAsked {
  unit: string;
  level: string;
  reason: string;
  from?: number;
  until?: number;
}

export interface EntryAsked {
  agent: string;
  seconds: number;
  reason: string;
  day?: string;
}

export const manage = {
  office: () => ask<Office>("GET", "/api/office"),
  undecided: () => all<Undecided>("/api/withdrawals/undecided?", "undecided"),
  decide: (application: string, verdict: string, reason: string, key: string) =>
    ask<Application>("POST", "/api/withdrawals/decisions", { application, verdict, reason }, key),
  unapproved: () => all<Entry>("/api/overtime-approvals?", "entries"),
  approve: (entry: string, key: string) => ask<Entry>("POST", "/api/overtime-approvals", { entry }, key),
  declineEntry: (entry: string, reason: string, key: string) =>
    ask<Entry>("POST", "/api/overtime-approvals/declined", { entry, reason }, key),
  proposals: () => all<Proposal>("/api/packet-proposals?", "proposals"),
  decideProposal: (proposal: string, verdict: string, why: string, key: string) =>
    ask<Proposal>("POST", "/api/packet-proposals/decisions", { proposal, verdict, why }, key),
  changes: () => all<Change>("/api/changes?", "changes"),
  decideChange: (change: string, verdict: string, reason: string, key: string) =>
    ask<Change>("POST", "/api/changes/decisions", { change, verdict, reason }, key),
  undecidedAppeals: () => all<OpenAppeal>("/api/appeals/undecided?", "undecided"),
  appealed: (appeal: string) => ask<Appealed>("GET", `/api/appeals/${path(appeal)}/line`),
  decideAppeal: (decision: AppealDecision, key: string) =>
    ask<Appeal>("POST", "/api/appeals/decisions", decision, key),
  unruled: (first: string, last: string) =>
    all<Unruled>(`/api/rulings/waiting?from=${first}&to=${last}&`, "waiting"),
  rule: (ruling: RulingAsked, key: string) => ask<Ruling>("POST", "/api/rulings", ruling, key),
  rulings: (first: string, last: string) => all<Ruling>(`/api/rulings?from=${first}&to=${last}&`, "rulings"),
  reverse: (ruling: string, reason: string, key: string) =>
    ask<Ruling>("POST", "/api/rulings/reversals", { ruling, reason }, key),

  caps: (month: string) => ask<{ units: Cap[] }>("GET", `/api/red-packets/caps?month=${month}`),
  budgets: (month: string) => all<Budget>(`/api/budgets?month=${month}&`, "budgets"),
  handBudget: (wanted: BudgetAsked, key: string) => ask<Budget>("POST", "/api/budgets", wanted, key),
  recallBudget: (budget: string, reason: string, key: string) =>
    ask<Budget>("POST", `/api/budgets/${path(budget)}/recall`, { reason }, key),
  give: (packet: Packet, key: string) =>
    ask<{ packet: string; total: number }>("POST", "/api/red-packets", packet, key),

  emergencies: (first: string, last: string) =>
    all<Emergency>(`/api/emergencies?from=${first}&to=${last}&`, "emergencies"),
  emergency: (name: string) => ask<ShownEmergency>("GET", `/api/emergencies/${path(name)}`),
  open: (wanted: EmergencyAsked, key: string) => ask<Emergency>("POST", "/api/emergencies", wanted, key),
  prolong: (name: string, until: number, reason: string, key: string) =>
    ask<Emergency>("POST", `/api/emergencies/${path(name)}/prolong`, { until, reason }, key),
  end: (name: string, reason: string, key: string) =>
    ask<Emergency>("POST", `/api/emergencies/${path(name)}/end`, { reason }, key),
  callOut: (name: string, reason: string, key: string) =>
    ask<{ calls: CallOut[] }>("POST", `/api/emergencies/${path(name)}/call-outs`, { reason }, key),
  enter: (name: string, entry: EntryAsked, key: string) =>
    ask<Entry>("POST", `/api/emergencies/${path(name)}/entries`, entry, key),
  strikeTeam: (unit: string) => ask<{ agents: string[] }>("GET", `/api/strike-team/${path(unit)}`),

  unitDays: (unit: string, first: string, last: string) =>
    ask<{ days: UnitDay[] }>("GET", `/api/quotas/${path(unit)}/days?from=${first}&to=${last}`),
  applications: (day: string) => all<Application>(`/api/withdrawals?from=${day}&to=${day}&`, "applications"),
  quotas: async (unit: string): Promise<Quotas> => {
    const { now, tag } = await askTagged<{ quotas: Quota[] }>("GET", `/api/quotas/${path(unit)}`);
    return { unit, quotas: now.quotas, tag };
  },
  /** By who has read them as `tag` names. */
  setQuota: (unit: string, quota: Quota, tag: string) =>
    askTagged<object>("PUT", `/api/quotas/${path(unit)}`, quota, tag),
  setLoad: (unit: string, day: string, load: string, key: string) =>
    ask<object>("POST", "/api/day-loads", { unit, day, load }, key),

  report: (unit: string, from: string, to: string, against: string, show: "indicators" | "distribution") =>
    ask<Report>(
      "GET",
      `/api/reports?unit=${path(unit)}&from=${from}&to=${to}&against=${against}&show=${show}`,
    ),
  /** Of the month that runs: where it begins on another day than the calendar's, the server knows which that is. */
  supply: () => ask<{ units: UnitSupply[]; warnings: Record<string, string> }>("GET", "/api/supply"),
};
