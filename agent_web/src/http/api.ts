// What the pages ask over HTTP. Amounts are whole seconds, a balance's line newest first.

export interface Session {
  name: string;
  role: "supervisor" | "agent";
  agent: string | null;
  units: string[];
  /** Whose agents can be paused, unpaused and signed out from the board. */
  leads: string[];
}

export interface Reason {
  zh: string;
  en: string;
  policy: "counts" | "exempt";
  personal: boolean;
  threshold_s: number | null;
  max_s: number | null;
  max_s_day: number | null;
}

export interface Site {
  site: string;
  timezone: string;
  /** `04:00:00`: what is earlier is of the business day before. */
  day_starts_at: string;
  units: { unit: string; name: string; timezone: string; day_starts_at: string }[];
  reasons: Record<string, Reason>;
  /** For reasons without an own one. */
  pause_threshold_s: number;
  wait_threshold_s: number;
  nudge_left_s: number;
  nudge_pause_s: number;
}

export interface Facts {
  revision?: number;
  base?: number;
  rate_ppm?: number;
  allowance?: number;
  aux?: number;
  unobserved?: number;
  deposit?: number;
  overdraft?: number;
  /** Up to this nothing is charged. */
  protected?: number;
  /** What the day had been worth in earlier settlements, less than nothing for an overdraft. */
  before?: number;
  /** What could not be taken any more, since the month was closed; less than nothing: what makes up for that. */
  written_off?: number;
  /** As it was posted: the base in µs, and what it was reckoned of. A statement has neither. */
  base_us?: number;
  measured?: Measured;
  /** Of overtime. */
  paid?: OvertimePaid[];
  /** Of a red packet. */
  kind?: string;
  /** Of what expired: for how many months time is kept, since which, and by account what was there, what came in, and
   * what is set aside for leave that is still owed. */
  months?: number;
  since?: string;
  accounts?: Record<string, { balance_s: number; came_in_s: number; owed_s?: number }>;
}

/** Of a day, in µs; where it was `scheduled`, inside the shift and less its breaks. */
export interface Measured {
  scheduled?: boolean;
  signed_in: number;
  exempt: number;
  unreachable: number;
  unobserved: number;
  /** That counts in the base. */
  overtime?: number;
  /** How many there were: where there were none of these, nothing happened on the day. */
  answered?: number;
  pauses?: number;
  sign_ins?: number;
  sign_outs?: number;
  /** What somebody has ruled: of a day on which nothing happened all that counts. */
  ruled?: number;
  /** Of a full contract. */
  share_ppm?: number;
}

/** What an emergency pays on a day: principal, of it entered by hand, and interest. */
export interface OvertimePaid {
  emergency: string;
  level: string;
  interest_ppm: number;
  principal: number;
  entered: number;
  interest: number;
}

export interface StatementLine {
  transfer: string;
  day: string;
  recorded_at: number;
  service: string;
  /** What it does to the balance. */
  amount: number;
  /** What it adds to the personal leave. */
  leave: number;
  balance_after: number;
  /** What a person said who posted it by hand, and who asked for it. */
  text: string;
  by?: string;
  facts: Facts;
}

export interface StatementPart {
  lines: StatementLine[];
  next: string | null;
}

export interface Accounts {
  savings: number;
  gift: number;
  interest: number;
  overtime: number;
  reserved: number;
  leave: number;
}

export interface Policy {
  rate_ppm: number;
  expected_base_s: number;
  base_s_max: number;
  /** Aux up to this is never charged, however short the day. */
  allowance_min_s: number;
  /** The accounts that an overdraft is taken from. */
  overdraft_takes: (keyof Accounts)[];
}

export interface Me extends StatementPart {
  agent: string;
  name: string;
  unit: string;
  accounts: Accounts;
  balance: number;
  policy: Policy;
}

/** What counts so far, up to `until`, and in which spans it goes on counting; times in epoch seconds. `base_max` is the
 * base's cap where there is no shift; the last three are the agent's own entitlement. */
export interface Today {
  until: number;
  base: number;
  aux: number;
  unobserved: number;
  working: [number, number][];
  base_max: number | null;
  rate_ppm: number | null;
  minimum_s: number | null;
  allowance: number | null;
}

/** An emergency that runs, and what it comes to up to where the switches were heard; times in epoch seconds. */
export interface RunningOvertime {
  emergency: string;
  level: string;
  interest_ppm: number;
  round_up_s: number;
  starts: number;
  ends: number;
  principal: number;
  interest: number;
  /** False in a unit without schedules: time is entered by hand there. */
  measured: boolean;
}

/** Which emergency grows, a second a second. Each business day has its own interest: `worked` was measured of the one
 * that runs until `day_ends`, and `principal` and `interest` are what of the emergency's is that day's. */
export interface GrowingOvertime {
  emergency: string;
  since: number;
  until: number;
  day_ends: number;
  worked: number;
  principal: number;
  interest: number;
}

export interface Overtime {
  running: RunningOvertime[];
  /** Null while the agent does not work in any. */
  growing: GrowingOvertime | null;
}

/** An answer that is no success. Status 0: there was no answer at all. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    detail: string,
    readonly retry_after_s: number = 0,
    /** What it is of, and what the server tells with that. */
    readonly type: string = "",
    readonly facts: Readonly<Record<string, unknown>> = {},
  ) {
    super(detail);
  }
}

interface Problem {
  type?: string;
  detail?: string;
  facts?: Record<string, unknown>;
  retry_after_s?: number;
}

/** Types are told as `urn:ccd:offset-closed`. */
const TYPES = "urn:ccd:";
/** A server that does not answer in this time does not answer. */
const ANSWER_MS_MAX = 10_000;

export const api = {
  session: () => ask<Session>("GET", "/api/session"),
  signIn: (name: string, password: string) => ask<Session>("POST", "/api/session", { name, password }),
  signOut: () => ask<void>("DELETE", "/api/session"),
  site: () => ask<Site>("GET", "/api/site"),
  me: () => ask<Me>("GET", "/api/me"),
  /** Null in a unit without schedules. */
  today: () => ask<Today | null>("GET", "/api/me/today"),
  overtime: () => ask<Overtime>("GET", "/api/me/overtime"),
  statement: (before: string) =>
    ask<StatementPart>("GET", `/api/me/statement?before=${encodeURIComponent(before)}&limit=20`),
};

/** `key` names an act: sent again under the same, it is not done again. */
export async function ask<T>(method: string, path: string, body?: object, key?: string): Promise<T> {
  const answer = await answered(method, path, body, key === undefined ? {} : { "Idempotency-Key": key });
  return (answer.status === 204 ? undefined : await answer.json()) as T;
}

/** What is edited as it was read: `tag` names the version that is there, or is put in its place. */
export async function askTagged<T>(
  method: string,
  path: string,
  body?: object,
  tag?: string,
): Promise<{ now: T; tag: string }> {
  const answer = await answered(method, path, body, tag === undefined ? {} : { "If-Match": tag });
  return { now: (await answer.json()) as T, tag: answer.headers.get("ETag") ?? "" };
}

async function answered(
  method: string,
  path: string,
  body: object | undefined,
  headers: Record<string, string>,
): Promise<Response> {
  const request: RequestInit = { method, signal: AbortSignal.timeout(ANSWER_MS_MAX), cache: "no-store" };
  if (body !== undefined) {
    request.body = JSON.stringify(body);
    headers["Content-Type"] = "application/json";
  }
  request.headers = headers;
  let answer: Response;
  try {
    answer = await fetch(path, request);
  } catch {
    throw new Refused(0, "no answer");
  }
  if (!answer.ok) throw await refusalOf(answer);
  return answer;
}

async function refusalOf(answer: Response): Promise<Refused> {
  const problem = (await answer.json().catch(() => ({}))) as Problem;
  const wait_s = problem.retry_after_s ?? Number(answer.headers.get("Retry-After") ?? 0);
  const type = problem.type?.startsWith(TYPES) ? problem.type.slice(TYPES.length) : "";
  return new Refused(answer.status, problem.detail ?? answer.statusText, wait_s, type, problem.facts ?? {});
}
