// When the board is sorted: on a person's wish, each ten seconds, and never under the pointer.

import type { Group } from "../floor/arrange";
import { finish, type Pieces } from "../floor/pieces";

const SORT_EACH_MS = 10_000;
/** Of each frame so much goes into a sort that nobody waits for. */
const SHARE_MS_MAX = 2;
/** What changes places within this time after a sort glides there: as long as a passage takes. */
const GLIDE_MS = 400;
/** Who walks the tiles by key is not overtaken by them. */
const KEY_HOLD_MS = 10_000;

export class Arrangement {
  groups = $state.raw<Group[]>([]);
  /** A sort that was not asked for: the new order is shown bit by bit. */
  unasked = false;
  gliding = false;
  /** A sort is due and waits for the pointer to leave. */
  waiting = $state(false);

  #pointed = false;
  #key_ms = -Infinity;
  #frame = 0;
  #glideEnd: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly arranging: () => Pieces<Group[]>) {}

  /** Returns what ends it. */
  start(): () => void {
    const timer = setInterval(() => this.#sort(), SORT_EACH_MS);
    return () => {
      clearInterval(timer);
      clearTimeout(this.#glideEnd);
      cancelAnimationFrame(this.#frame);
    };
  }

  /** At once: a person asked for it, or there was nothing to keep in place. */
  now(glide: boolean): void {
    cancelAnimationFrame(this.#frame);
    this.unasked = false;
    this.#show(finish(this.arranging()), glide);
  }

  pointed(over: boolean): void {
    this.#pointed = over;
    if (!over && this.waiting) this.#sort();
  }

  walked(): void {
    this.#key_ms = performance.now();
  }

  #isHeld(): boolean {
    return this.#pointed || performance.now() - this.#key_ms < KEY_HOLD_MS;
  }

  #sort(): void {
    this.waiting = this.#isHeld();
    cancelAnimationFrame(this.#frame);
    if (!this.waiting) this.#workOn(this.arranging());
  }

  /** A share of each frame, until it is done; shown in a frame of its own, unless a pointer has come meanwhile. */
  #workOn(work: Pieces<Group[]>): void {
    const until_ms = performance.now() + SHARE_MS_MAX;
    let piece = work.next();
    while (piece.done !== true && performance.now() < until_ms) piece = work.next();
    const sorted = piece.done === true ? piece.value : null;
    this.#frame = requestAnimationFrame(() => {
      if (sorted === null) return this.#workOn(work);
      this.waiting = this.#isHeld();
      if (this.waiting) return;
      this.unasked = true;
      this.#show(sorted, true);
    });
  }

  #show(groups: Group[], glide: boolean): void {
    this.waiting = false;
    this.groups = groups;
    clearTimeout(this.#glideEnd);
    this.gliding = glide;
    if (glide) this.#glideEnd = setTimeout(() => (this.gliding = false), GLIDE_MS);
  }
}
