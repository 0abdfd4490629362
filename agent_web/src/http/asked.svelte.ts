// One question to the server that can be asked again: what is known, and whether that worked.

import { Refused } from "./api";

const RETRY_MS = 5_000;

export class Asked<T> {
  now = $state.raw<T | null>(null);
  /** Why the last question found no answer. */
  refused = $state.raw<Refused | null>(null);

  /** Of answers that cross, that to the newest question counts. */
  #asked = 0;
  #again: ReturnType<typeof setTimeout> | undefined;

  /** `again_ms` says, of what is known, when it is asked again by itself, so that what is counted on from it does not
   * drift; null: not at all. */
  constructor(
    private readonly question: () => Promise<T>,
    private readonly sessionOver: () => void,
    private readonly again_ms: (now: T) => number | null = () => null,
  ) {}

  /** What failed for want of an answer is asked again by itself; what was refused stays that. */
  async fetch(): Promise<void> {
    clearTimeout(this.#again);
    const mine = ++this.#asked;
    try {
      const answer = await this.question();
      if (mine !== this.#asked) return;
      [this.now, this.refused] = [answer, null];
      this.#askIn(this.again_ms(answer));
    } catch (error) {
      if (mine !== this.#asked) return;
      this.refused = error instanceof Refused ? error : new Refused(0, String(error));
      if (this.refused.status === 401) this.sessionOver();
      else if (this.refused.status === 0 || this.refused.status >= 500) this.#askIn(RETRY_MS);
    }
  }

  /** An act's answer says how things stand now; an older question's does not count any more. */
  put(answer: T): void {
    this.#asked += 1;
    [this.now, this.refused] = [answer, null];
  }

  leave(): void {
    this.#asked += 1;
    clearTimeout(this.#again);
  }

  #askIn(wait_ms: number | null): void {
    if (wait_ms !== null) this.#again = setTimeout(() => void this.fetch(), wait_ms);
  }
}
