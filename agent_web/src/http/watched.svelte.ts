// One question to the server that is asked again by itself, often enough that what is counted on from its answer does not drift.

import { Refused } from "./api";

export class Watched<T> {
  /** Undefined until it is known; as it was while there is no answer. */
  now = $state.raw<T | undefined>(undefined);

  /** Of answers that cross, that to the newest question counts. */
  #asked = 0;
  #again: ReturnType<typeof setTimeout> | undefined;

  /** `again_ms` says, of what is known, when it is asked again; null: not by itself. */
  constructor(
    private readonly question: () => Promise<T>,
    private readonly again_ms: (now: T | undefined) => number | null,
    private readonly sessionOver: () => void,
  ) {}

  async fetch(): Promise<void> {
    clearTimeout(this.#again);
    const mine = ++this.#asked;
    try {
      const answer = await this.question();
      if (mine === this.#asked) this.now = answer;
    } catch (error) {
      if (error instanceof Refused && error.status === 401) this.sessionOver();
    }
    const soon_ms = this.again_ms(this.now);
    if (mine === this.#asked && soon_ms !== null) this.#again = setTimeout(() => void this.fetch(), soon_ms);
  }

  leave(): void {
    this.#asked += 1;
    clearTimeout(this.#again);
  }
}
