// What a choice of loan items comes to, before it is made. Pure.

import type { Choice, Loan, LoanItem } from "../http/bank_api";

export interface Plan {
  /** What is asked of the server, one after the other. */
  choices: Choice[];
  /** Seconds that go against what is owed, what stays of the balance, and what is owed still. */
  offset: number;
  stays: number;
  owed: number;
}

export type Stage = "early" | "open" | "closed";

/** `today` is the site's business day: months are closed by its clock. */
export function stageOf(loan: Loan, today: string, now_s: number): Stage {
  if (today < loan.opens) return "early";
  return now_s < loan.closes ? "open" : "closed";
}

/** In the order of days, as far as the balance goes; the last item perhaps in part. */
export function planFor(loan: Loan, chosen: ReadonlySet<string>): Plan {
  const wanted = loan.items.filter((item) => item.open > 0 && chosen.has(item.item));
  let left = loan.balance;
  const parts: { item: LoanItem; seconds: number }[] = [];
  for (const item of wanted) {
    const seconds = Math.min(item.open, left);
    if (seconds <= 0) break;
    parts.push({ item, seconds });
    left -= seconds;
  }
  const offset = loan.balance - left;
  const isAll = offset === loan.owed;
  const each = parts.map(({ item, seconds }) => ({ item: item.item, seconds }));
  return { choices: isAll && offset > 0 ? [{}] : each, offset, stays: left, owed: loan.owed - offset };
}

export function originOf(item: string): { day: string; origin: string } {
  const [day = "", origin = ""] = item.split("/");
  return { day, origin };
}
