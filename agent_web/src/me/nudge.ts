// The nudges: quiet, one at a time, and gone when they have been read. Nothing is ever refused or ended.

import { auxLeft, auxRuns, inState } from "../floor/agents";
import type { Site } from "../http/api";
import type { Agent } from "../live/frames";

export interface Nudge {
  kind: "left" | "pause";
  /** One occasion: who has read it hears no more of it. */
  occasion: string;
  seconds: number;
}

export function nudgeFor(agent: Agent, site: Site, now_s: number): Nudge | null {
  if (agent.state !== "paused" || !auxRuns(agent, now_s)) return null;
  const paused_s = inState(agent, now_s);
  if (paused_s >= site.nudge_pause_s)
    return { kind: "pause", occasion: `pause ${agent.since}`, seconds: paused_s };
  const left = auxLeft(agent, now_s);
  if (left > 0 && left <= site.nudge_left_s)
    return { kind: "left", occasion: `left ${agent.since}`, seconds: left };
  return null;
}
