// One question to the server that can be asked again: what is known, and whether that worked.

import { Refused } from "./api";

const RETRY_MS = 5_000;

export class Asked<T> {
  now = $state.raw<T | null>(null);
  /** Why the last question found no answer. */
  refused = $state.raw<Refused | null>(null);

  /** Of answers that cross, that to the newest question counts. */
  #asked = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly question: () => Promise<T>,
    private readonly sessionOver: () => void,
  ) {}

  /** What failed for want of an answer is asked again by itself; what was refused stays that. */
  async fetch(): Promise<void> {
    clearTimeout(this.#retry);
    const mine = ++this.#asked;
    try {
      const answer = await this.question();
      if (mine === this.#asked) [this.now, this.refused] = [answer, null];
    } catch (error) {
      if (mine !== this.#asked) return;
      this.refused = error instanceof Refused ? error : new Refused(0, String(error));
      if (this.refused.status === 401) this.sessionOver();
      else if (this.refused.status === 0 || this.refused.status >= 500)
        this.#retry = setTimeout(() => void this.fetch(), RETRY_MS);
    }
  }

  /** An act's answer says how things stand now; an older question's does not count any more. */
  put(answer: T): void {
    this.#asked += 1;
    [this.now, this.refused] = [answer, null];
  }

  leave(): void {
    this.#asked += 1;
    clearTimeout(this.#retry);
  }
}
