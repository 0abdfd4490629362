// Which red packets an agent has not been told of yet. Pure.

import type { StatementLine } from "../http/api";

/** What is older is no news, on a browser that has not been told of any. */
const NEWS_S = 14 * 86_400;

/** The newest first; `told_at` is when the newest was recorded that was put away, 0 where none was. */
export function newGifts(lines: readonly StatementLine[], told_at: number, now_s: number): StatementLine[] {
  const since = Math.max(told_at, now_s - NEWS_S);
  return lines.filter((line) => line.service === "gift" && line.amount > 0 && line.recorded_at > since);
}
