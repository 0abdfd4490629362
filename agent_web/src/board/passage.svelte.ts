// A new order of the tiles, shown over a few frames: a hundred tiles that are told of other agents and moved in the
// document at once would cost several frames their turn. An agent keeps the tile: who stays in sight is always seen.

import type { Cell } from "../floor/plan";
import { fewestMoved } from "../floor/moves";

/**
 * In so many frames the tiles come to stand where they should, from the top down; then they are put in the order in
 * which they are read, one in a frame: what is moved in the document is made and laid out anew.
 */
const FRAMES = 20;

/** A tile by its slot, and where it stands for whom. */
export interface Drawn {
  cell: Cell;
  slot: number;
}

export class Passage {
  /** In the order in which they are read. */
  drawn = $state.raw<readonly Drawn[]>([]);
  #frame = 0;

  atOnce(next: readonly Drawn[]): void {
    this.end();
    this.drawn = next;
  }

  overFrames(next: readonly Drawn[]): void {
    this.end();
    const slots = new Set(next.map(({ slot }) => slot));
    const same = next.length === this.drawn.length && this.drawn.every(({ slot }) => slots.has(slot));
    if (same) this.#go(steps(next, this.drawn));
    else this.drawn = next;
  }

  end(): void {
    cancelAnimationFrame(this.#frame);
  }

  #go(shown: Generator<readonly Drawn[]>): void {
    const step = shown.next();
    if (step.done === true) return;
    this.drawn = step.value;
    this.#frame = requestAnimationFrame(() => this.#go(shown));
  }
}

/** What each frame shows between two orders of the same tiles. */
export function* steps(next: readonly Drawn[], before: readonly Drawn[]): Generator<readonly Drawn[]> {
  let drawn = before;
  for (let frame = 1; frame <= FRAMES; frame += 1) {
    const first = next.slice(0, Math.ceil((frame * next.length) / FRAMES));
    const settled = new Map(first.map((one) => [one.slot, one]));
    drawn = drawn.map((one) => settled.get(one.slot) ?? one);
    yield drawn;
  }
  const rank = new Map(next.map((one, at) => [one, at]));
  const rankOf = (one: Drawn) => rank.get(one) ?? 0;
  const moving = fewestMoved(drawn.map(rankOf)).map((at) => drawn[at] as Drawn);
  const waiting = new Set(moving);
  for (const one of moving) {
    waiting.delete(one);
    const others = drawn.filter((other) => other !== one);
    const before_whom = others.findIndex((other) => !waiting.has(other) && rankOf(other) > rankOf(one));
    others.splice(before_whom < 0 ? others.length : before_whom, 0, one);
    drawn = others;
    yield drawn;
  }
  yield next;
}
