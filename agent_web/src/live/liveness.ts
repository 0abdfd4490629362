// Is what I see live? A statement with an age.

import type { LiveState } from "./live_state";
import { serverNow } from "./server_clock";

export type Liveness =
  | { kind: "connecting" }
  | { kind: "live" }
  | { kind: "catching_up" }
  /** Nothing new for `for_s`: the connection is gone, or the telephone switch `pbx` is. */
  | { kind: "stale"; for_s: number; pbx: string | null };

/** The server says something every 5 s at least. */
export const SILENCE_MS_MAX = 7_000;
/** A connection that comes back within this was not worth a word. */
const BLINK_MS_MAX = 2_500;

export function liveness(state: LiveState, local_ms: number): Liveness {
  if (state.heard_ms === null || state.clock === null) return { kind: "connecting" };
  const silent_ms = silence(state, local_ms);
  if (silent_ms > silenceMax(state)) return { kind: "stale", for_s: Math.floor(silent_ms / 1000), pbx: null };
  const lost = state.sources.filter((source) => source.state === "lost");
  if (lost.length > 0) {
    const oldest = lost.reduce((a, b) => (a.since <= b.since ? a : b));
    const for_s = Math.max(0, Math.floor(serverNow(state.clock, local_ms) - oldest.since));
    return { kind: "stale", for_s, pbx: oldest.pbx };
  }
  // Without a word of any switch nothing is known to be as it is shown.
  const heard = state.sources.length > 0;
  const behind = state.sources.some((source) => source.state === "catching_up");
  return state.phase === "following" && heard && !behind ? { kind: "live" } : { kind: "catching_up" };
}

/** Whether anybody's state may still be heard of: the connection is there, and one switch at least. */
export function hasNews(state: LiveState, local_ms: number): boolean {
  const lost = state.sources.length > 0 && state.sources.every((source) => source.state === "lost");
  return !lost && silence(state, local_ms) <= silenceMax(state);
}

function silence(state: LiveState, local_ms: number): number {
  return state.heard_ms === null ? 0 : Math.max(0, local_ms - state.heard_ms);
}

function silenceMax(state: LiveState): number {
  return state.phase === "closed" ? BLINK_MS_MAX : SILENCE_MS_MAX;
}
