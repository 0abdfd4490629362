import { expect, test } from "vitest";

import { steps, type Drawn } from "../src/board/passage.svelte";
import { fewestMoved } from "../src/floor/moves";

/** `b2`: agent b, on the tile of slot 2; the places are those in the row. */
function drawn(...ones: string[]): Drawn[] {
  return ones.map((one, place) => ({ cell: { id: one[0]!, x: 0, y: 0, place }, slot: Number(one.slice(1)) }));
}
const ids = (ones: readonly Drawn[]) => ones.map(({ cell }) => cell.id);
const slots = (ones: readonly Drawn[]) => ones.map(({ slot }) => slot);

const BEFORE = drawn("a0", "b1", "c2", "d3");
const NEXT = drawn("d3", "x1", "a0", "y2");

test("on the way to a new order nobody is seen twice, and who stays is always seen", () => {
  const shown = [...steps(NEXT, BEFORE)];
  for (const step of shown) {
    expect(new Set(ids(step)).size).toBe(4);
    expect(ids(step)).toEqual(expect.arrayContaining(["a", "d"]));
    expect([...slots(step)].sort()).toEqual([0, 1, 2, 3]);
  }
  expect(shown.at(-1)).toBe(NEXT);
});

/** Always the same order of so many, none where it was. */
function shuffled(count: number): number[] {
  return Array.from({ length: count }, (_, at) => (at * 37 + 11) % count);
}

test("no frame changes more than a few tiles or moves more than one in the document", () => {
  const before = Array.from({ length: 100 }, (_, slot) => ({
    cell: { id: `${slot}`, x: 0, y: 0, place: slot },
    slot,
  }));
  const next = shuffled(100).map((slot, place) => ({ cell: { id: `n${slot}`, x: 0, y: 0, place }, slot }));
  let shown: readonly Drawn[] = before;
  for (const step of steps(next, before)) {
    const was = new Map(shown.map((one, at) => [one.slot, { one, at }]));
    expect(step.filter((one) => was.get(one.slot)!.one !== one).length).toBeLessThanOrEqual(5);
    expect(fewestMoved(step.map(({ slot }) => was.get(slot)!.at)).length).toBeLessThanOrEqual(1);
    shown = step;
  }
  expect(shown).toBe(next);
});

test.each([
  [[], []],
  [[0, 1, 2, 3], []],
  [[1, 2, 3, 0], [3]],
  [[3, 0, 1, 2], [0]],
  [[2, 0, 3, 1, 4], 2],
  [[4, 3, 2, 1, 0], 4],
])("of %j as few as can be are moved", (ranks, moved) => {
  if (typeof moved === "number") expect(fewestMoved(ranks)).toHaveLength(moved);
  else expect(fewestMoved(ranks)).toEqual(moved);
});
