// What leaders ask of the telephone switches about their agents. A switch that does not answer in time is waited for by
// the server, and told as that.

import { ask, type Refused } from "./api";

export type OrderName = "pause" | "unpause" | "sign-out";

/** Of one queue, or of all of a seat where `queue` is empty; `said` are the switch's own words. */
export interface Answer {
  pbx: string;
  seat: string;
  queue: string;
  answered: string;
  said: string;
}

export interface Ordered {
  outcome: "done" | "partly" | "unknown";
  answers: Answer[];
}

export const orders = {
  give: (agent: string, order: OrderName, reason: string, key: string) =>
    ask<Ordered>("POST", `/api/agents/${encodeURIComponent(agent)}/${order}`, { reason }, key),

  /** What became of one that was not done; null, where it was refused before any switch was asked. */
  notDone: ({ type, facts }: Refused): { outcome: string; answers: Answer[] } | null =>
    type === "order-not-done" ? (facts as unknown as { outcome: string; answers: Answer[] }) : null,
};
