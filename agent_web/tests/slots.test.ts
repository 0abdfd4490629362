import { expect, test } from "vitest";

import { Slots } from "../src/floor/slots";

test("who stays in sight keeps the slot, who comes takes one that was left", () => {
  const slots = new Slots();
  expect(slots.assign(["a", "b", "c"])).toEqual([0, 1, 2]);
  expect(slots.assign(["d", "c", "b"])).toEqual([0, 2, 1]);
  expect(slots.assign(["e", "f", "g", "h", "c"])).toEqual([0, 1, 3, 4, 2]);
});

test("no two agents share a slot, however they come and go", () => {
  const slots = new Slots();
  for (let start = 0; start < 100; start += 7) {
    const ids = Array.from({ length: 20 + (start % 5) }, (_, at) => `x${start + at}`);
    const assigned = slots.assign(ids);
    expect(new Set(assigned).size).toBe(ids.length);
    expect(Math.max(...assigned)).toBeLessThan(30);
  }
});

test("tiles of whom nobody stays keep their order, so that none is moved in the document", () => {
  const slots = new Slots();
  slots.assign(["a", "b", "c", "d"]);
  expect(slots.assign(["e", "f", "g", "h"])).toEqual([0, 1, 2, 3]);
  expect(slots.assign(["i", "g", "j", "k"])).toEqual([0, 2, 1, 3]);
});
