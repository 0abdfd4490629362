// What running overtime comes to at a moment, counted on from where the switches were heard.

import type { Overtime, RunningOvertime } from "../http/api";
import type { Agent } from "../live/frames";

const PPM = 1_000_000;
/** As the server counts: signed in, and neither paused nor out of reach. */
const WORKS: readonly Agent["state"][] = ["available", "ringing", "on_call", "wrap_up"];

export interface Earned {
  emergency: RunningOvertime;
  principal: number;
  interest: number;
  grows: boolean;
}

/** In the order of the server; `agent` is as the live channel knows it, which hears of a pause before the server's figures do. */
export function earned(overtime: Overtime | null, agent: Agent | null, now_s: number): Earned[] {
  if (overtime === null) return [];
  const { growing } = overtime;
  const works = agent !== null && WORKS.includes(agent.state);
  return overtime.running.map((emergency) => {
    const { principal, interest } = emergency;
    const grows = works && growing?.emergency === emergency.emergency && now_s < growing.until;
    if (!grows || growing === null) return { emergency, principal, interest, grows: false };
    const more = principal + Math.max(0, Math.floor(now_s - growing.since));
    return { emergency, principal: more, interest: interestOn(emergency, more), grows };
  });
}

/** Of a level's interest, with what both come to together rounded up. */
export function interestOn(
  emergency: Pick<RunningOvertime, "interest_ppm" | "round_up_s">,
  principal: number,
): number {
  const interest = Math.floor((emergency.interest_ppm * principal) / PPM);
  const step = emergency.round_up_s;
  if (step === 0 || principal === 0) return interest;
  return interest + ((step - ((principal + interest) % step)) % step);
}
