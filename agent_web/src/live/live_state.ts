// The one reducer: what a page knows of the floor, after each thing that happened on its socket. Pure.

import type { Agent, Delta, Frame, Queue, Refusal, Snapshot, Source } from "./frames";
import { heardClock, type ServerClock } from "./server_clock";

/**
 * closed: no socket. waiting: a socket, no snapshot yet. following: each frame came in its turn.
 * hole: a frame is missing; nothing is applied until the snapshot that was asked for.
 */
export type Phase = "closed" | "waiting" | "following" | "hole";

export interface LiveState {
  phase: Phase;
  seq: number;
  agents: ReadonlyMap<string, Agent>;
  queues: ReadonlyMap<string, Queue>;
  sources: readonly Source[];
  clock: ServerClock | null;
  /** Our own milliseconds when the last frame came; null before the first. */
  heard_ms: number | null;
  /** How often a socket was opened. */
  connections: number;
  /** How often the accounts were said to have changed. */
  account_changes: number;
  /** How often it was said to be another how many may be off. */
  places_changes: number;
  /** How often the site was said to have changed. */
  site_changes: number;
  refusal: Refusal | null;
}

/** A frame, and our milliseconds when it came: it may be looked at much later, in a page that nobody sees. */
export interface Heard {
  frame: Frame;
  at_ms: number;
}

export type Happening = { kind: "opened" } | { kind: "closed" } | { kind: "heard"; heard: readonly Heard[] };

export const NOTHING_KNOWN: LiveState = {
  phase: "closed",
  seq: 0,
  agents: new Map(),
  queues: new Map(),
  sources: [],
  clock: null,
  heard_ms: null,
  connections: 0,
  account_changes: 0,
  places_changes: 0,
  site_changes: 0,
  refusal: null,
};

export function reduce(state: LiveState, happening: Happening): LiveState {
  switch (happening.kind) {
    case "opened":
      return { ...state, phase: "waiting", connections: state.connections + 1, refusal: null };
    case "closed":
      return { ...state, phase: "closed" };
    case "heard":
      return applyAll(state, happening.heard);
  }
}

/** The floor is copied once for all frames that came between two paints, not once a frame. */
function applyAll(state: LiveState, heard: readonly Heard[]): LiveState {
  const draft = { ...state };
  const floor = { agents: null as Map<string, Agent> | null, queues: null as Map<string, Queue> | null };
  for (const { frame, at_ms } of heard) {
    draft.heard_ms = at_ms;
    switch (frame.op) {
      case "snapshot":
        applySnapshot(draft, floor, frame, at_ms);
        break;
      case "delta":
        applyDelta(draft, floor, frame, at_ms);
        break;
      case "health":
        draft.sources = frame.sources;
        break;
      case "account":
        draft.account_changes += 1;
        break;
      case "places":
        draft.places_changes += 1;
        break;
      case "site":
        draft.site_changes += 1;
        break;
      case "error":
        draft.refusal = frame;
        break;
    }
  }
  return draft;
}

interface FloorDraft {
  agents: Map<string, Agent> | null;
  queues: Map<string, Queue> | null;
}

function applySnapshot(draft: LiveState, floor: FloorDraft, frame: Snapshot, at_ms: number): void {
  draft.agents = floor.agents = new Map(frame.agents.map((agent) => [agent.agent, agent]));
  draft.queues = floor.queues = new Map(frame.queues.map((queue) => [queue.queue, queue]));
  draft.seq = frame.seq;
  draft.phase = "following";
  draft.clock = heardClock(draft.clock, frame.now, at_ms);
}

function applyDelta(draft: LiveState, floor: FloorDraft, frame: Delta, at_ms: number): void {
  draft.clock = heardClock(draft.clock, frame.now, at_ms);
  if (draft.phase !== "following") return;
  if (frame.seq !== draft.seq + 1) {
    draft.phase = "hole";
    return;
  }
  draft.seq = frame.seq;
  if (frame.changed.length + frame.gone.length > 0) {
    const agents = (floor.agents ??= new Map(draft.agents));
    for (const agent of frame.changed) agents.set(agent.agent, agent);
    for (const agent of frame.gone) agents.delete(agent);
    draft.agents = agents;
  }
  if ((frame.accounts ?? []).length > 0) draft.account_changes += 1;
  if (frame.queues.length > 0) {
    const queues = (floor.queues ??= new Map(draft.queues));
    for (const queue of frame.queues) queues.set(queue.queue, queue);
    draft.queues = queues;
  }
}
