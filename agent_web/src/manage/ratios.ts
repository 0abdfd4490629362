// How the aux ratios of agents are spread: bars of half a percent, and the shares between the marks. Pure.

export const STEP = 0.005;
const LAST = 0.15;
/** The marks: below the first hardly any, between the second and the third as it should be, above the last far too much. */
export const MARKS = { thrifty: 0.01, least: 0.0253, most: 0.037, lavish: 0.1 } as const;

/** How many are in each step; whoever is above the last counts in it. */
export function bars(ratios: readonly number[]): number[] {
  const counts = Array<number>(Math.round(LAST / STEP)).fill(0);
  for (const ratio of ratios) {
    const at = Math.min(counts.length - 1, Math.max(0, Math.floor(ratio / STEP + 1e-9)));
    counts[at] = (counts[at] ?? 0) + 1;
  }
  return counts;
}

export interface Shares {
  thrifty: number;
  reasonable: number;
  lavish: number;
}

export function shares(ratios: readonly number[]): Shares | null {
  if (ratios.length === 0) return null;
  const part = (is: (ratio: number) => boolean) => ratios.filter(is).length / ratios.length;
  return {
    thrifty: part((ratio) => ratio < MARKS.thrifty),
    reasonable: part((ratio) => ratio >= MARKS.least && ratio <= MARKS.most),
    lavish: part((ratio) => ratio > MARKS.lavish),
  };
}
