// Work over thousands, in pieces that each fit between two frames: whoever drives it stops after any `yield`.

/** So many agents looked at, sorted or merged are well below a millisecond's work. */
export const PIECE = 200;

export type Pieces<T> = Generator<undefined, T>;

/** All of it at once. */
export function finish<T>(work: Pieces<T>): T {
  for (;;) {
    const piece = work.next();
    if (piece.done === true) return piece.value;
  }
}

/** A merge sort; equal items keep their order. */
export function* sorting<T>(items: readonly T[], order: (a: T, b: T) => number): Pieces<T[]> {
  let runs: T[][] = [];
  for (let at = 0; at < items.length; at += PIECE) {
    runs.push(items.slice(at, at + PIECE).sort(order));
    yield;
  }
  while (runs.length > 1) {
    const longer: T[][] = [];
    for (let at = 0; at < runs.length; at += 2)
      longer.push(yield* merging(runs[at] ?? [], runs[at + 1] ?? [], order));
    runs = longer;
  }
  return runs[0] ?? [];
}

function* merging<T>(left: readonly T[], right: readonly T[], order: (a: T, b: T) => number): Pieces<T[]> {
  const merged: T[] = [];
  let [at, other] = [0, 0];
  while (at < left.length && other < right.length) {
    const [a, b] = [left[at] as T, right[other] as T];
    if (order(a, b) <= 0) {
      merged.push(a);
      at += 1;
    } else {
      merged.push(b);
      other += 1;
    }
    if (merged.length % PIECE === 0) yield;
  }
  return merged.concat(left.slice(at), right.slice(other));
}
