import { describe, expect, test } from "vitest";

import { NOTHING_KNOWN, reduce, type Happening, type LiveState } from "../src/live/live_state";
import { serverNow } from "../src/live/server_clock";
import type { Frame } from "../src/live/frames";
import { agentOf, deltaOf, NOW_S, snapshotOf } from "./floor_of";

function heard(at_ms: number, ...frames: Frame[]): Happening {
  return { kind: "heard", heard: frames.map((frame) => ({ frame, at_ms })) };
}

function after(...frames: Frame[]): LiveState {
  return reduce(reduce(NOTHING_KNOWN, { kind: "opened" }), heard(5_000, ...frames));
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
    const healed = reduce(state, heard(6_000, snapshotOf(5, [paused])));
    expect(healed.phase).toBe("following");
    expect(healed.agents.get("1001")?.state).toBe("paused");
  });

  test("an agent that did not change stays the same object", () => {
    const before = after(snapshotOf(1, [agentOf({ agent: "1001" }), agentOf({ agent: "1002" })]));
    const rings = deltaOf(2, { changed: [agentOf({ agent: "1002", state: "ringing" })] });
    const state = reduce(before, heard(6_000, rings));
    expect(state.agents.get("1001")).toBe(before.agents.get("1001"));
    expect(before.agents.get("1002")?.state).toBe("available");
  });

  test("a heartbeat keeps the floor's map as it is", () => {
    const before = after(snapshotOf(1, [agentOf()]));
    const state = reduce(before, heard(9_000, deltaOf(2)));
    expect(state.agents).toBe(before.agents);
    expect(state.heard_ms).toBe(9_000);
  });

  test("what was known outlives a closed connection, and a new one waits for its snapshot", () => {
    const closed = reduce(after(snapshotOf(1, [agentOf()])), { kind: "closed" });
    expect(closed.agents.size).toBe(1);
    const opened = reduce(closed, { kind: "opened" });
    expect(opened.phase).toBe("waiting");
    const early = reduce(opened, heard(1, deltaOf(1, { gone: ["1001"] })));
    expect(early.agents.size).toBe(1);
  });

  test("a settlement is counted, a refusal is kept until the next connection", () => {
    const state = after(
      { op: "account" },
      { op: "account" },
      { op: "places" },
      { op: "site" },
      { op: "error", title: "full", detail: "too many" },
    );
    expect(state.account_changes).toBe(2);
    expect(state.places_changes).toBe(1);
    expect(state.site_changes).toBe(1);
    expect(state.refusal?.detail).toBe("too many");
    expect(reduce(state, { kind: "opened" }).refusal).toBeNull();
  });

  test("a board hears that accounts of its floor are others", () => {
    const state = after(snapshotOf(1, []), deltaOf(2, { accounts: ["1001", "1002"] }), deltaOf(3, {}));
    expect(state.account_changes).toBe(1);
  });

  test("frames that a hidden page looks at a minute later keep the moments at which they came", () => {
    const minute = Array.from({ length: 13 }, (_, at) => ({
      frame: at === 0 ? snapshotOf(1, [agentOf()]) : { ...deltaOf(at + 1), now: NOW_S + 5 * at },
      at_ms: 5_000 * at,
    }));
    const state = reduce(reduce(NOTHING_KNOWN, { kind: "opened" }), { kind: "heard", heard: minute });
    expect(state.clock?.rate).toBe(1);
    expect(serverNow(state.clock!, 62_000)).toBe(NOW_S + 62);
    expect(state.heard_ms).toBe(60_000);
  });
});
