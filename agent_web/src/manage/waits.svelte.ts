// What waits for a decision, a list of each kind: fetched again now and then, and after each decision.

import { Asked } from "../http/asked.svelte";
import {
  manage,
  type Change,
  type Entry,
  type OpenAppeal,
  type Proposal,
  type Undecided,
} from "../http/manage_api";
import { dayAfter } from "../time/moments";
import { merged } from "./kept";
import type { Leading } from "./leading.svelte";

const AGAIN_MS = 30_000;
/** Where much happens at once, as when days are settled, it is asked once. */
const SOON_MS = 3_000;
/** As far back as the server looks at once. */
const SPAN_DAYS = 7;

export class WaitList<T> {
  readonly asked: Asked<T[]>;
  shown = $state.raw<T[]>([]);
  /** What was decided here, and how. */
  decided = $state.raw<ReadonlyMap<string, string>>(new Map());
  readonly open = $derived.by(() => this.shown.filter((one) => !this.decided.has(this.name(one))).length);

  constructor(
    question: () => Promise<T[]>,
    readonly name: (one: T) => string,
    readonly may: () => boolean,
    sessionOver: () => void,
  ) {
    this.asked = new Asked(question, sessionOver);
  }

  async fetch(): Promise<void> {
    if (!this.may()) return;
    await this.asked.fetch();
    if (this.asked.now !== null) this.shown = merged(this.shown, this.asked.now, this.decided, this.name);
  }

  became(one: T, verdict: string): void {
    this.decided = new Map(this.decided).set(this.name(one), verdict);
  }
}

/** A span of an agent's day that nobody has ruled on. */
export interface OpenSpan {
  agent: string;
  unit: string;
  day: string;
  what: string;
  span: [number, number];
}

export class Waits {
  readonly daysOff: WaitList<Undecided>;
  readonly entries: WaitList<Entry>;
  readonly proposals: WaitList<Proposal>;
  readonly changes: WaitList<Change>;
  readonly appeals: WaitList<OpenAppeal>;
  readonly spans: WaitList<OpenSpan>;
  readonly all: readonly WaitList<never>[];
  readonly open = $derived.by(() => this.all.reduce((sum, list) => sum + list.open, 0));
  readonly known = $derived.by(() =>
    this.all.every((list) => !list.may() || list.asked.now !== null || list.asked.refused !== null),
  );

  #again: ReturnType<typeof setInterval> | undefined;
  #soon: ReturnType<typeof setTimeout> | undefined;

  constructor(leading: Leading) {
    const over = leading.sessionOver;
    const list = <T>(question: () => Promise<T[]>, name: (one: T) => string, may: () => boolean) =>
      new WaitList<T>(question, name, may, over);
    this.daysOff = list(
      manage.undecided,
      (one) => one.application,
      () => leading.may("decide"),
    );
    this.entries = list(
      manage.unapproved,
      (one) => one.entry,
      () => leading.may("enter_overtime"),
    );
    this.proposals = list(
      manage.proposals,
      (one) => one.proposal,
      () => leading.may("give"),
    );
    this.changes = list(
      async () => (await manage.changes()).filter((one) => one.state === "waiting"),
      (one) => one.change,
      () => leading.office.now?.agrees ?? false,
    );
    // Who may decide one goes by the tree of units on its day, and "decide_appeal" by that of today: it would hide some.
    this.appeals = list(
      manage.undecidedAppeals,
      (one) => one.appeal,
      () => leading.may("rule"),
    );
    this.spans = list(
      () => openSpans(leading.today),
      (one) => `${one.agent}/${one.what}/${one.span[0]}`,
      () => leading.may("rule") && leading.today !== "",
    );
    this.all = [
      this.daysOff,
      this.entries,
      this.proposals,
      this.changes,
      this.appeals,
      this.spans,
    ] as never[];
  }

  /** Returns what ends it. */
  start(): () => void {
    this.#again = setInterval(() => !document.hidden && this.fetch(), AGAIN_MS);
    document.addEventListener("visibilitychange", this.#lookedAt);
    return () => {
      clearInterval(this.#again);
      clearTimeout(this.#soon);
      document.removeEventListener("visibilitychange", this.#lookedAt);
      for (const list of this.all) list.asked.leave();
    };
  }

  fetch(): void {
    for (const list of this.all) void list.fetch();
  }

  /** Something is another on some account of the floor: perhaps of what waits, too. */
  fetchSoon(): void {
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined;
      this.fetch();
    }, SOON_MS);
  }

  readonly #lookedAt = (): void => {
    if (!document.hidden) this.fetch();
  };
}

async function openSpans(today: string): Promise<OpenSpan[]> {
  const waiting = await manage.unruled(dayAfter(today, 1 - SPAN_DAYS), today);
  return waiting.flatMap(({ agent, unit, day, what, spans }) =>
    spans.map((span) => ({ agent, unit, day, what, span })),
  );
}
