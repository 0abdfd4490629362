import { describe, expect, test } from "vitest";

import { heardClock, serverNow, startClock, type ServerClock } from "../src/live/server_clock";

function heardAll(frames: [now_s: number, local_ms: number][]): ServerClock {
  return frames.reduce<ServerClock | null>((clock, [now_s, ms]) => heardClock(clock, now_s, ms), null)!;
}

describe("the server's clock", () => {
  test("it runs on between frames", () => {
    expect(serverNow(startClock(1000, 0), 2_500)).toBe(1002.5);
  });

  test("frames that were delayed a little do not make it tremble", () => {
    const clock = heardAll([
      [1000, 0],
      [1001, 1_300],
      [1003, 3_050],
      [1004, 4_400],
    ]);
    expect(serverNow(clock, 5_000)).toBe(1005);
  });

  test("a clock that was set is followed", () => {
    const clock = heardAll([
      [1000, 0],
      [1101, 1_000],
    ]);
    expect(serverNow(clock, 1_000)).toBe(1101);
  });

  test("a simulated floor's faster seconds are followed between frames too", () => {
    const clock = heardAll([
      [1000, 0],
      [1300, 1_000],
      [1600, 2_000],
      [2200, 4_000],
      [2350, 4_500],
    ]);
    expect(clock.rate).toBe(300);
    expect(serverNow(clock, 5_000)).toBe(2500);
  });

  test("a frame that was held up for seconds does not set the timers back", () => {
    const clock = heardAll([
      [1000, 0],
      [1001, 1_000],
      [1002, 5_000],
      [1003, 5_000],
    ]);
    expect(serverNow(clock, 5_000)).toBe(1005);
    expect(serverNow(heardClock(clock, 1006, 6_100), 6_000)).toBe(1006);
  });

  test("a clock that was set back is followed when every frame says so", () => {
    const back: [number, number][] = [1, 5, 9, 14].map((s) => [940 + s, 1000 * s]);
    expect(serverNow(heardAll([[1000, 0], ...back.slice(0, 3)]), 10_000)).toBe(1010);
    expect(serverNow(heardAll([[1000, 0], ...back]), 14_000)).toBe(954);
  });

  test("an hour that nobody counted makes no timer run faster afterwards", () => {
    const clock = heardAll([
      [1000, 0],
      [4605, 5_000],
      [4607, 7_100],
      [4610, 10_000],
    ]);
    expect(clock.rate).toBe(1);
    expect(serverNow(clock, 10_000)).toBe(4610);
  });

  test("a line that stalls and catches up is no slower clock", () => {
    const clock = heardAll([
      [1000, 0],
      [1001, 2_500],
      [1005, 5_000],
    ]);
    expect([clock.rate, serverNow(clock, 5_000)]).toEqual([1, 1005]);
  });
});
