// What the running day counts of the shift, and as it was ruled: asked again often enough that what is counted on does not drift.

import { api, Refused, type Today } from "../http/api";

const AGAIN_MS = 60_000;

export class MyToday {
  /** Undefined until it is known; null where the board knows all that counts. */
  now = $state.raw<Today | null | undefined>(undefined);

  /** Of answers that cross, that to the newest question counts. */
  #asked = 0;
  #again: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly sessionOver: () => void) {}

  async fetch(): Promise<void> {
    clearTimeout(this.#again);
    const mine = ++this.#asked;
    try {
      const answer = await api.today();
      if (mine === this.#asked) this.now = answer;
    } catch (error) {
      if (error instanceof Refused && error.status === 401) this.sessionOver();
    }
    if (mine === this.#asked) this.#again = setTimeout(() => void this.fetch(), AGAIN_MS);
  }

  leave(): void {
    this.#asked += 1;
    clearTimeout(this.#again);
  }
}
