// An act of the reader: done once, however often it has to be sent until an answer comes.

import { Refused } from "./api";

export class Act {
  busy = $state(false);
  /** Why the last act was not done. */
  refused = $state.raw<Refused | null>(null);

  #key: string | null = null;
  #what = "";
  #said: unknown;

  constructor(private readonly sessionOver: () => void) {}

  /**
   * `what` tells one act from another: asked for again without an answer having come, it goes by the same key, and the
   * server does it once. `said` is what follows from the moment at which it was asked for first, and stays so with the
   * key. Null where it was not done.
   */
  async do<T, Said = undefined>(
    what: string,
    act: (key: string, said: Said) => Promise<T>,
    said?: Said,
  ): Promise<T | null> {
    if (this.busy) return null;
    if (this.#key === null || this.#what !== what)
      [this.#key, this.#what, this.#said] = [newKey(), what, said];
    this.busy = true;
    try {
      const answer = await act(this.#key, this.#said as Said);
      [this.#key, this.refused] = [null, null];
      return answer;
    } catch (error) {
      this.refused = error instanceof Refused ? error : new Refused(0, String(error));
      if (this.refused.status === 401) this.sessionOver();
      if (this.refused.status > 0 && this.refused.status < 500) this.#key = null;
      return null;
    } finally {
      this.busy = false;
    }
  }

  forget(): void {
    this.refused = null;
  }
}

/** Random enough, and to be had without a certificate too, unlike `randomUUID`. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}
