// The second's beat, spread over a few frames: a hundred timers that change at once would cost a frame its turn.

import { untrack } from "svelte";

const SLICES = 6;

export class Beat {
  #now_s = $state<number[]>(Array.from({ length: SLICES }, () => 0));
  #frame = 0;

  /** Call while a component is made; follows `now_s` as long as it lives. */
  constructor(now_s: () => number) {
    this.#now_s = this.#now_s.map(now_s);
    $effect(() => {
      const next = now_s();
      untrack(() => this.#pass(next, 0));
      return () => cancelAnimationFrame(this.#frame);
    });
  }

  /** The moment that the agent at this place shows. */
  at(place: number): number {
    return this.#now_s[place % SLICES] ?? 0;
  }

  #pass(now_s: number, slice: number): void {
    this.#now_s[slice] = now_s;
    if (slice + 1 < SLICES) this.#frame = requestAnimationFrame(() => this.#pass(now_s, slice + 1));
  }
}
