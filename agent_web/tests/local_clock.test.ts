import { describe, expect, test } from "vitest";

import { LocalClock } from "../src/live/local_clock";

/** A machine's two clocks; asleep, only the one on the wall goes on. */
class Machine {
  steady_ms = 1_000;
  wall_ms = 1_700_000_000_000;
  readonly clock = new LocalClock(
    () => this.steady_ms,
    () => this.wall_ms,
  );

  awake(ms: number): number {
    this.steady_ms += ms;
    return this.set(ms);
  }

  /** Asleep, or set by somebody. */
  set(ms: number): number {
    this.wall_ms += ms;
    return this.clock.now();
  }
}

describe("the local clock", () => {
  test("it passes as the steady one does, however wrong the one on the wall is", () => {
    const machine = new Machine();
    expect([machine.awake(0), machine.awake(500), machine.awake(70_000)]).toEqual([1_000, 1_500, 71_500]);
  });

  test("it passes while the machine sleeps", () => {
    const machine = new Machine();
    machine.awake(1_000);
    expect(machine.set(3_600_000)).toBe(3_602_000);
    expect(machine.awake(1_000)).toBe(3_603_000);
  });

  test("it never goes back, and small corrections are none of its business", () => {
    const machine = new Machine();
    expect(machine.set(-7_200_000)).toBe(1_000);
    expect(machine.set(2_000)).toBe(1_000);
    expect(machine.awake(10)).toBe(1_010);
  });
});
