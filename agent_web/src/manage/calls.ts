// Who was called out, and how far they have come. Pure.

import type { CallOut } from "../http/manage_api";

export interface Response {
  called: number;
  come: number;
  /** Of them here within the time. */
  here: number;
}

export function responseOf(calls: readonly CallOut[], wait_s: number): Response {
  return {
    called: calls.length,
    come: calls.filter((one) => one.comes === true).length,
    here: calls.filter((one) => cameAfter(one) !== null && (cameAfter(one) ?? 0) <= wait_s).length,
  };
}

/** Seconds from the call to the sign-in; null where there was none. */
export function cameAfter(call: CallOut): number | null {
  return call.signed_in_at === null ? null : Math.max(0, Math.round(call.signed_in_at - call.called_at));
}

/** Who is not here stands first, then who has just come; those who do not come last. */
export function inOrder(calls: readonly CallOut[]): CallOut[] {
  const rank = (one: CallOut) => (one.comes === false ? 2 : cameAfter(one) === null ? 0 : 1);
  return [...calls].sort((a, b) => rank(a) - rank(b) || a.agent.localeCompare(b.agent));
}
