// When the board is sorted: on a person's wish, each ten seconds, and never under the pointer.

import type { Group } from "../floor/arrange";

const SORT_EACH_MS = 10_000;
/** What changes places within this time after a sort glides there. */
const GLIDE_MS = 100;
/** Who walks the tiles by key is not overtaken by them. */
const KEY_HOLD_MS = 10_000;

export class Arrangement {
  groups = $state.raw<Group[]>([]);
  gliding = false;
  /** A sort is due and waits for the pointer to leave. */
  waiting = $state(false);

  #pointed = false;
  #key_ms = -Infinity;
  #glideEnd: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly arranged: () => Group[]) {}

  /** Returns what ends it. */
  start(): () => void {
    const timer = setInterval(() => this.#whenFree(), SORT_EACH_MS);
    return () => {
      clearInterval(timer);
      clearTimeout(this.#glideEnd);
    };
  }

  /** At once: a person asked for it, or there was nothing to keep in place. */
  now(glide: boolean): void {
    this.#show(this.arranged(), glide);
  }

  pointed(over: boolean): void {
    this.#pointed = over;
    if (!over && this.waiting) this.now(true);
  }

  walked(): void {
    this.#key_ms = performance.now();
  }

  #whenFree(): void {
    if (this.#pointed || performance.now() - this.#key_ms < KEY_HOLD_MS) this.waiting = true;
    else this.#inTwoSteps();
  }

  /** Sorting thousands takes a part of a frame, and showing the new order another: each gets its own. */
  #inTwoSteps(): void {
    const groups = this.arranged();
    requestAnimationFrame(() => this.#show(groups, true));
  }

  #show(groups: Group[], glide: boolean): void {
    this.waiting = false;
    this.groups = groups;
    clearTimeout(this.#glideEnd);
    this.gliding = glide;
    if (glide) this.#glideEnd = setTimeout(() => (this.gliding = false), GLIDE_MS);
  }
}
