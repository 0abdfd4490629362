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
      [1750, 2_500],
    ]);
    expect(clock.rate).toBe(300);
    expect(serverNow(clock, 3_000)).toBe(1900);
  });
});
