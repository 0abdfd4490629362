// What waits, as it is shown while it changes: nothing jumps under the reader's hand. Pure.

/**
 * In the order in which it was met: what is new comes last; what is waiting no more is gone, but for what was decided
 * here, which keeps its place and says so.
 */
export function merged<T>(
  kept: readonly T[],
  fresh: readonly T[],
  decided: ReadonlyMap<string, unknown>,
  name: (one: T) => string,
): T[] {
  const waiting = new Map(fresh.map((one) => [name(one), one]));
  const shown = kept.filter((one) => waiting.has(name(one)) || decided.has(name(one)));
  const met = new Set(shown.map(name));
  const now = shown.map((one) => waiting.get(name(one)) ?? one);
  return [...now, ...fresh.filter((one) => !met.has(name(one)))];
}
