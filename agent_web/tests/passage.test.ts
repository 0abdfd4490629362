import { expect, test } from "vitest";

import { settled, type Drawn } from "../src/board/passage.svelte";

/** `b2@0`: agent b, on the tile of slot 2, at place 0. */
function drawn(...ones: string[]): Drawn[] {
  return ones.map((one, place) => ({ cell: { id: one[0]!, x: 0, y: 0, place }, slot: Number(one[1]) }));
}
const names = (ones: readonly Drawn[]) => ones.map(({ cell, slot }) => `${cell.id}${slot}`);

const BEFORE = drawn("a0", "b1", "c2", "d3");
const NEXT = drawn("d3", "x1", "a0", "y2");

test("a new order comes from the top down, nobody is seen twice and who stays is always seen", () => {
  const steps = [0, 1, 2, 3, 4].map((count) => settled(NEXT, BEFORE, count));
  expect(steps.map(names)).toEqual([
    ["a0", "b1", "c2", "d3"],
    ["d3", "a0", "b1", "c2"],
    ["d3", "x1", "a0", "c2"],
    ["d3", "x1", "a0", "c2"],
    ["d3", "x1", "a0", "y2"],
  ]);
  for (const step of steps) {
    const ids = step.map(({ cell }) => cell.id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toEqual(expect.arrayContaining(["a", "d"]));
  }
});

test("more or fewer tiles than before are there in the end", () => {
  expect(names(settled(drawn("a0"), BEFORE, 1))).toEqual(["a0"]);
  expect(names(settled(drawn("a0", "b1", "z4"), drawn("a0", "b1"), 3))).toEqual(["a0", "b1", "z4"]);
});
