// Which of the published policies are an agent's: what holds, and what will. Pure.

import type { PublishedPolicy } from "../http/bank_api";

export interface Mine {
  now: PublishedPolicy | null;
  /** Those to come, the nearest first. */
  next: PublishedPolicy[];
}

/** A unit's own goes before that of all units. */
export function mineOf(all: readonly PublishedPolicy[], unit: string, today: string): Mine {
  const shown = all.filter((one) => one.unit === null || one.unit === unit);
  const holding = shown.filter((one) => one.from <= today && (one.to === null || today < one.to));
  const now = holding.find((one) => one.unit !== null) ?? holding[0] ?? null;
  const next = shown.filter((one) => one.from > today).sort((a, b) => a.from.localeCompare(b.from));
  return { now, next };
}

export function isDefault(value: unknown, other: unknown): boolean {
  return JSON.stringify(value) === JSON.stringify(other);
}
