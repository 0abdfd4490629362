// The agent's own account: fetched, fetched again when it is said to have changed, and grown backwards on demand.

import { api, Refused, type Me, type StatementLine } from "../http/api";

const RETRY_MS = 5_000;

export class Account {
  me = $state.raw<Me | null>(null);
  lines = $state.raw<StatementLine[]>([]);
  next = $state<string | null>(null);
  failed = $state(false);
  busy = $state(false);

  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly agent: string | null,
    private readonly sessionOver: () => void,
  ) {}

  async fetch(): Promise<void> {
    clearTimeout(this.#retry);
    await this.#ask(async () => {
      const me = await api.me();
      if (me.agent !== this.agent) return location.reload(); // somebody else has signed in in this browser
      this.me = me;
      this.lines = this.me.lines;
      this.next = this.me.next;
    });
    if (this.failed) this.#retry = setTimeout(() => void this.fetch(), RETRY_MS);
  }

  async fetchEarlier(): Promise<void> {
    const before = this.next;
    if (before === null || this.busy) return;
    await this.#ask(async () => {
      const part = await api.statement(before);
      this.lines = [...this.lines, ...part.lines];
      this.next = part.next;
    });
  }

  leave(): void {
    clearTimeout(this.#retry);
  }

  async #ask(question: () => Promise<void>): Promise<void> {
    this.busy = true;
    try {
      await question();
      this.failed = false;
    } catch (error) {
      if (error instanceof Refused && error.status === 401) this.sessionOver();
      this.failed = true;
    } finally {
      this.busy = false;
    }
  }
}
