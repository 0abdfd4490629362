// A new order of the tiles, shown over a few frames, from the top down: a hundred tiles that are moved and told of other
// agents at once would cost several frames their turn. An agent keeps the tile: who stays in sight is seen all the time.

import type { Cell } from "../floor/plan";

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
    this.#pass(next, 1);
  }

  end(): void {
    cancelAnimationFrame(this.#frame);
  }

  #pass(next: readonly Drawn[], frame: number): void {
    this.drawn = settled(next, this.drawn, Math.ceil((frame * next.length) / FRAMES));
    if (frame < FRAMES) this.#frame = requestAnimationFrame(() => this.#pass(next, frame + 1));
  }
}

/** The first `count` tiles as they are to be, the others as they were. */
export function settled(next: readonly Drawn[], before: readonly Drawn[], count: number): readonly Drawn[] {
  if (count >= next.length) return next;
  const first = next.slice(0, count);
  const taken = new Set(first.map(({ slot }) => slot));
  return [...first, ...before.filter(({ slot }) => !taken.has(slot))];
}
