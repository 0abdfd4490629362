// The indicators as they are written: shares in percent, amounts with a decimal. Pure.

import { MINUS } from "../time/durations";

const SHARES = ["service_level", "utilisation", "occupancy", "aux_ratio", "team_response"] as const;
const AMOUNTS = ["pause_minutes_per_day", "sign_ins_per_day", "answered_per_hour"] as const;
export const SHOWN = [
  "service_level",
  "utilisation",
  "aux_ratio",
  "pause_minutes_per_day",
  "sign_ins_per_day",
  "occupancy",
  "answered_per_hour",
  "team_response",
] as const;
export type FigureName = (typeof SHARES)[number] | (typeof AMOUNTS)[number];

export const NO_FIGURE = "–";

export function figureOf(row: Record<string, unknown> | undefined, name: string): number | null {
  const figure = row?.[name];
  return typeof figure === "number" ? figure : null;
}

export function isShare(name: FigureName): boolean {
  return (SHARES as readonly string[]).includes(name);
}

export function written(name: FigureName, figure: number | null): string {
  if (figure === null) return NO_FIGURE;
  return isShare(name) ? percent(figure) : figure.toFixed(1);
}

/** With two digits behind the point where they tell something. */
export function percent(share: number): string {
  const digits = Math.abs(share) < 0.1 ? 2 : 1;
  return `${(share * 100).toFixed(digits)} %`;
}

/** How much more or less than before: of shares in points; nothing where there is nothing to tell. */
export function change(name: FigureName, now: number | null, before: number | null): string {
  if (now === null || before === null) return "";
  const digits = !isShare(name) ? 1 : Math.abs(now) < 0.1 ? 2 : 1;
  const difference = (now - before) * (isShare(name) ? 100 : 1);
  const said = Math.abs(difference).toFixed(digits);
  if (Number(said) === 0) return "±0";
  return `${difference < 0 ? MINUS : "+"}${said}`;
}
