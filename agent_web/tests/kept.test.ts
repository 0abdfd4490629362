import { expect, test } from "vitest";

import { merged } from "../src/manage/kept";

const name = (one: string) => one.slice(0, 1);

test("what is new comes last, whatever the server's order", () => {
  expect(merged(["b1", "a1"], ["a2", "c2", "b2"], new Map(), name)).toEqual(["b2", "a2", "c2"]);
});

test("what another decided is gone, what was decided here keeps its place", () => {
  expect(merged(["a1", "b1", "c1"], ["c2"], new Map([["a", "approved"]]), name)).toEqual(["a1", "c2"]);
});
