// What the live channel says (docs: the live contract). Times are epoch seconds on the server's clock.

export const STATES = [
  "available",
  "on_call",
  "ringing",
  "wrap_up",
  "paused",
  "unreachable",
  "unobserved",
  "signed_out",
] as const;
export type StateName = (typeof STATES)[number];

export interface Counters {
  sign_ins?: number;
  sign_outs?: number;
  pauses?: number;
  offered?: number;
  answered?: number;
  missed?: number;
  signed_in?: number;
  unobserved?: number;
}

export interface Agent {
  agent: string;
  name: string;
  unit: string;
  state: StateName;
  since: number;
  /** Key of a reason, "personal" where the true one is not ours to see, "" for none. */
  reason: string;
  /** Paused, and for a reason that is exempt now. */
  exempt: boolean;
  other_call: boolean;
  /** Aux seconds of today up to `aux_from`, or as they stand when that is null; it may lie in the future. */
  aux: number;
  aux_from: number | null;
  base: number;
  base_from: number | null;
  allowance: number;
  counters: Counters;
}

export interface Queue {
  queue: string;
  waiting: number;
  oldest_since: number | null;
}

export interface Source {
  pbx: string;
  state: "live" | "catching_up" | "lost";
  since: number;
}

export interface Snapshot {
  op: "snapshot";
  topic: Topic;
  seq: number;
  now: number;
  agents: Agent[];
  queues: Queue[];
}

export interface Delta {
  op: "delta";
  seq: number;
  now: number;
  changed: Agent[];
  queues: Queue[];
  gone: string[];
  /** On whose accounts something is another; left out where nobody's is. */
  accounts?: string[];
}

export interface Health {
  op: "health";
  sources: Source[];
}

/** Something was posted to the agent's accounts, or more is offered: they are to be fetched again. */
export interface AccountChanged {
  op: "account";
}

/** How many of the agent's unit may be off on a day: who looks at days off asks again. */
export interface PlacesChanged {
  op: "places";
}

/** Another configuration: what the page knows of the site is to be fetched again. */
export interface SiteChanged {
  op: "site";
}

export interface Refusal {
  op: "error";
  title: string;
  detail: string;
}

export type Frame = Snapshot | Delta | Health | AccountChanged | PlacesChanged | SiteChanged | Refusal;
export type Topic = "floor" | "me";
