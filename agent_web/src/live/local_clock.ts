// Milliseconds as they pass for the reader. A browser's steady count of them may stand still while the machine sleeps;
// its clock on the wall does not, but may be hours wrong, and is set now and then. So the steady one is read, and what
// the other went ahead of it is added. A clock that is set forward looks like a sleep: the pages ask anew, no more.

/** Less than this is how unevenly the two are read. */
const SLEPT_MS_MIN = 5_000;

export class LocalClock {
  #steady_ms: number;
  #wall_ms: number;
  #slept_ms = 0;

  constructor(
    private readonly steady: () => number = () => performance.now(),
    private readonly wall: () => number = () => Date.now(),
  ) {
    this.#steady_ms = steady();
    this.#wall_ms = wall();
  }

  now(): number {
    const [steady_ms, wall_ms] = [this.steady(), this.wall()];
    const unseen_ms = wall_ms - this.#wall_ms - (steady_ms - this.#steady_ms);
    if (unseen_ms > SLEPT_MS_MIN) this.#slept_ms += unseen_ms;
    [this.#steady_ms, this.#wall_ms] = [steady_ms, wall_ms];
    return steady_ms + this.#slept_ms;
  }
}
