// Months of the calendar, as `2026-12`, and their weeks. Pure.

import { dayAfter } from "./moments";

/** A month's days in weeks that begin on Monday; null where another month's would be. */
export function weeksOf(month: string): (string | null)[][] {
  const first = `${month}-01`;
  const lead = (new Date(`${first}T00:00:00Z`).getUTCDay() + 6) % 7;
  const days: (string | null)[] = Array<null>(lead).fill(null);
  for (let day = first; day.startsWith(month); day = dayAfter(day, 1)) days.push(day);
  while (days.length % 7 > 0) days.push(null);
  return Array.from({ length: days.length / 7 }, (_, week) => days.slice(week * 7, week * 7 + 7));
}

/** Without those before a day's: nobody applies for what is over. */
export function weeksFrom(month: string, today: string): (string | null)[][] {
  return weeksOf(month).filter((week) => week.some((day) => day !== null && day >= today));
}

export function monthAfter(month: string, months: number): string {
  const [year = 0, number = 1] = month.split("-").map(Number);
  const at = year * 12 + number - 1 + months;
  return `${Math.floor(at / 12)}-${String((at % 12) + 1).padStart(2, "0")}`;
}
