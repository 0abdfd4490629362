// What running overtime comes to at a moment, counted on from where the switches were heard.

import type { GrowingOvertime, Overtime, RunningOvertime } from "../http/api";
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
  return overtime.running.map((emergency) => {
    const { principal, interest } = emergency;
    if (agent === null || growing?.emergency !== emergency.emergency)
      return { emergency, principal, interest, grows: false };
    const works = WORKS.includes(agent.state);
    const until = Math.min(growing.until, works ? now_s : agent.since);
    const days = byDay(growing, until);
    return {
      emergency,
      principal: principal - growing.principal + sum(days),
      interest: interest - growing.interest + sum(days.map((each) => interestOn(emergency, each))),
      grows: works && now_s < growing.until,
    };
  });
}

/** Of a level's interest on what was worked on one business day, with what both come to together rounded up. */
export function interestOn(
  emergency: Pick<RunningOvertime, "interest_ppm" | "round_up_s">,
  principal: number,
): number {
  const interest = Math.floor((emergency.interest_ppm * principal) / PPM);
  const step = emergency.round_up_s;
  if (step === 0 || principal === 0) return interest;
  return interest + ((step - ((principal + interest) % step)) % step);
}

/** The principal of the business day that ran when the switches were heard, and of the next as far as it has begun: whole
 * seconds each, as they are posted. What was entered by hand stands until as much is measured. */
function byDay(growing: GrowingOvertime, until_s: number): [number, number] {
  const { since, worked, day_ends, principal } = growing;
  const measured = Math.floor(worked + Math.max(0, Math.min(until_s, day_ends) - since));
  return [Math.max(principal, measured), Math.max(0, Math.floor(until_s - day_ends))];
}

function sum(seconds: number[]): number {
  return seconds.reduce((all, one) => all + one, 0);
}
