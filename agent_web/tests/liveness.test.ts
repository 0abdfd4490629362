import { describe, expect, test } from "vitest";

import type { Source } from "../src/live/frames";
import { hasNews, liveness } from "../src/live/liveness";
import { NOTHING_KNOWN, type LiveState } from "../src/live/live_state";
import { startClock } from "../src/live/server_clock";
import { NOW_S } from "./floor_of";

function source(state: Source["state"], since: number): Source {
  return { pbx: `pbx-${state}`, state, since };
}

function heard(fields: Partial<LiveState> = {}): LiveState {
  const [clock, sources] = [startClock(NOW_S, 0), [source("live", NOW_S)]];
  return { ...NOTHING_KNOWN, phase: "following", heard_ms: 0, clock, sources, ...fields };
}

describe("liveness", () => {
  test("nothing heard yet is connecting, not stale", () => {
    expect(liveness(NOTHING_KNOWN, 60_000)).toEqual({ kind: "connecting" });
  });

  test("a followed floor is live between two heartbeats", () => {
    expect(liveness(heard(), 5_500)).toEqual({ kind: "live" });
  });

  test("before a word of any switch nothing is live", () => {
    expect(liveness(heard({ sources: [] }), 1_000)).toEqual({ kind: "catching_up" });
  });

  test("silence beyond a heartbeat is stale, with its age", () => {
    expect(liveness(heard(), 12_300)).toEqual({ kind: "stale", for_s: 12, pbx: null });
  });

  test("a connection that comes back at once is catching up, one that stays away is stale", () => {
    expect(liveness(heard({ phase: "closed" }), 1_500)).toEqual({ kind: "catching_up" });
    expect(liveness(heard({ phase: "closed" }), 3_000)).toEqual({ kind: "stale", for_s: 3, pbx: null });
  });

  test("waiting for a snapshot is catching up", () => {
    expect(liveness(heard({ phase: "waiting" }), 1_000)).toEqual({ kind: "catching_up" });
    expect(liveness(heard({ phase: "hole" }), 1_000)).toEqual({ kind: "catching_up" });
  });

  test("a lost switch makes everything stale since it was lost, whatever the others say", () => {
    const sources = [source("live", NOW_S - 500), source("lost", NOW_S - 30)];
    expect(liveness(heard({ sources }), 1_000)).toEqual({ kind: "stale", for_s: 31, pbx: "pbx-lost" });
  });

  test("a switch that catches up is catching up", () => {
    expect(liveness(heard({ sources: [source("catching_up", NOW_S)] }), 1_000)).toEqual({
      kind: "catching_up",
    });
  });
});

describe("timers", () => {
  test("stop when the connection has been gone for longer than a blink, or is silent", () => {
    expect(hasNews(heard({ phase: "closed" }), 2_000)).toBe(true);
    expect(hasNews(heard({ phase: "closed" }), 3_000)).toBe(false);
    expect(hasNews(heard(), 12_300)).toBe(false);
  });

  test("stop when no switch is followed, and go on while one is", () => {
    const lost = source("lost", NOW_S - 30);
    expect(hasNews(heard({ sources: [lost] }), 1_000)).toBe(false);
    expect(hasNews(heard({ sources: [lost, source("live", NOW_S)] }), 1_000)).toBe(true);
  });
});
