// The agent's overtime while an emergency runs: asked again often enough that what is counted on does not drift.

import { api, Refused, type Overtime } from "../http/api";

const AGAIN_MS = 15_000;
const NOTHING: Overtime = { running: [], growing: null };

export class MyOvertime {
  now = $state.raw<Overtime>(NOTHING);

  /** Of answers that cross, that to the newest question counts. */
  #asked = 0;
  #again: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly sessionOver: () => void) {}

  async fetch(): Promise<void> {
    clearTimeout(this.#again);
    const mine = ++this.#asked;
    try {
      const answer = await api.overtime();
      if (mine === this.#asked) this.now = answer;
    } catch (error) {
      if (error instanceof Refused && error.status === 401) this.sessionOver();
    }
    if (mine === this.#asked && this.now.running.length > 0)
      this.#again = setTimeout(() => void this.fetch(), AGAIN_MS);
  }

  leave(): void {
    this.#asked += 1;
    clearTimeout(this.#again);
  }
}
