import { describe, expect, test } from "vitest";

import { NOTHING_KNOWN, reduce, type LiveState } from "../src/live/live_state";
import type { Frame } from "../src/live/frames";
import { agentOf, deltaOf, NOW_S, snapshotOf } from "./floor_of";

function after(...frames: Frame[]): LiveState {
  return reduce(reduce(NOTHING_KNOWN, { kind: "opened" }), { kind: "frames", frames, local_ms: 5_000 });
}

describe("the live state", () => {
  test("a snapshot replaces the floor", () => {
    const state = after(
      snapshotOf(1, [agentOf({ agent: "1001" })]),
      snapshotOf(2, [agentOf({ agent: "1002" })]),
    );
    expect([...state.agents.keys()]).toEqual(["1002"]);
    expect(state.phase).toBe("following");
  });

  test("a delta changes, adds and takes away agents", () => {
    const state = after(
      snapshotOf(1, [agentOf({ agent: "1001" }), agentOf({ agent: "1002" })]),
      deltaOf(2, {
        changed: [agentOf({ agent: "1001", state: "paused" }), agentOf({ agent: "1003" })],
        gone: ["1002"],
      }),
    );
    expect([...state.agents.values()].map(({ agent, state }) => [agent, state])).toEqual([
      ["1001", "paused"],
      ["1003", "available"],
    ]);
  });

  test("a delta changes only the queues it names", () => {
    const two = [
      { queue: "a", waiting: 1, oldest_since: NOW_S },
      { queue: "b", waiting: 2, oldest_since: NOW_S },
    ];
    const emptied = deltaOf(2, { queues: [{ queue: "a", waiting: 0, oldest_since: null }] });
    const state = after(snapshotOf(1, [], two), emptied);
    expect([...state.queues.values()].map(({ waiting }) => waiting)).toEqual([0, 2]);
  });

  test("a hole in the numbers stops everything until the next snapshot", () => {
    const paused = agentOf({ state: "paused" });
    const state = after(
      snapshotOf(1, [agentOf()]),
      deltaOf(3, { changed: [paused] }),
      deltaOf(4, { changed: [paused] }),
    );
    expect(state.phase).toBe("hole");
    expect(state.agents.get("1001")?.state).toBe("available");
    const healed = reduce(state, { kind: "frames", frames: [snapshotOf(5, [paused])], local_ms: 6_000 });
    expect(healed.phase).toBe("following");
    expect(healed.agents.get("1001")?.state).toBe("paused");
  });

  test("an agent that did not change stays the same object", () => {
    const before = after(snapshotOf(1, [agentOf({ agent: "1001" }), agentOf({ agent: "1002" })]));
    const frames = [deltaOf(2, { changed: [agentOf({ agent: "1002", state: "ringing" })] })];
    const state = reduce(before, { kind: "frames", frames, local_ms: 6_000 });
    expect(state.agents.get("1001")).toBe(before.agents.get("1001"));
    expect(before.agents.get("1002")?.state).toBe("available");
  });

  test("a heartbeat keeps the floor's map as it is", () => {
    const before = after(snapshotOf(1, [agentOf()]));
    const state = reduce(before, { kind: "frames", frames: [deltaOf(2)], local_ms: 9_000 });
    expect(state.agents).toBe(before.agents);
    expect(state.heard_ms).toBe(9_000);
  });

  test("what was known outlives a closed connection, and a new one waits for its snapshot", () => {
    const closed = reduce(after(snapshotOf(1, [agentOf()])), { kind: "closed" });
    expect(closed.agents.size).toBe(1);
    const opened = reduce(closed, { kind: "opened" });
    expect(opened.phase).toBe("waiting");
    const early = reduce(opened, { kind: "frames", frames: [deltaOf(1, { gone: ["1001"] })], local_ms: 1 });
    expect(early.agents.size).toBe(1);
  });

  test("a settlement is counted, a refusal is kept until the next connection", () => {
    const state = after(
      { op: "account" },
      { op: "account" },
      { op: "error", title: "full", detail: "too many" },
    );
    expect(state.account_changes).toBe(2);
    expect(state.refusal?.detail).toBe("too many");
    expect(reduce(state, { kind: "opened" }).refusal).toBeNull();
  });
});
