// The agent's own account: fetched, fetched again when it is said to have changed, and grown backwards on demand.

import { api, Refused, type Me, type StatementLine } from "../http/api";

const RETRY_MS = 5_000;

export class Account {
  me = $state.raw<Me | null>(null);
  lines = $state.raw<StatementLine[]>([]);
  next = $state<string | null>(null);
  failed = $state(false);
  busy = $state(false);

  /** Of answers that cross, that to the newest question counts. */
  #asked = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly agent: string | null,
    private readonly sessionOver: () => void,
  ) {}

  async fetch(): Promise<void> {
    clearTimeout(this.#retry);
    await this.#ask(api.me, (me) => {
      if (me.agent !== this.agent) return location.reload(); // somebody else has signed in in this browser
      this.me = me;
      this.lines = me.lines;
      this.next = me.next;
    });
    if (this.failed) this.#retry = setTimeout(() => void this.fetch(), RETRY_MS);
  }

  async fetchEarlier(): Promise<void> {
    const before = this.next;
    if (before === null || this.busy) return;
    const question = () => api.statement(before);
    await this.#ask(question, (part) => {
      this.lines = [...this.lines, ...part.lines];
      this.next = part.next;
    });
  }

  leave(): void {
    clearTimeout(this.#retry);
  }

  async #ask<T>(question: () => Promise<T>, take: (answer: T) => void): Promise<void> {
    const mine = ++this.#asked;
    this.busy = true;
    try {
      const answer = await question();
      if (mine !== this.#asked) return;
      take(answer);
      this.failed = false;
    } catch (error) {
      if (error instanceof Refused && error.status === 401) this.sessionOver();
      if (mine === this.#asked) this.failed = true;
    } finally {
      if (mine === this.#asked) this.busy = false;
    }
  }
}
