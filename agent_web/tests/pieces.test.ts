import { describe, expect, test } from "vitest";

import { arranging } from "../src/floor/arrange";
import { finish, PIECE, sorting } from "../src/floor/pieces";
import { agentOf, NOW_S, SITE } from "./floor_of";

interface Card {
  value: number;
  at: number;
}
const byValue = (a: Card, b: Card) => a.value - b.value;

/** Always the same cards, many of a value. */
function shuffled(count: number): Card[] {
  return Array.from({ length: count }, (_, at) => ({ value: (at * 7919) % 97, at }));
}

describe("a sort in pieces", () => {
  test.each([0, 1, 2, PIECE, PIECE + 1, 5 * PIECE, 5_000])("sorts %d as the browser does", (count) => {
    const cards = shuffled(count);
    expect(finish(sorting(cards, byValue))).toEqual([...cards].sort(byValue));
  });

  test("no piece compares more than fits between two frames", () => {
    let [compared, most] = [0, 0];
    const counted = (a: Card, b: Card) => {
      compared += 1;
      return byValue(a, b);
    };
    const work = sorting(shuffled(5_000), counted);
    while (work.next().done !== true) {
      most = Math.max(most, compared);
      compared = 0;
    }
    expect(most).toBeLessThan(PIECE * Math.log2(PIECE));
  });
});

test("a floor of thousands is looked at and sorted in pieces", () => {
  const floor = Array.from({ length: 5_000 }, (_, at) =>
    agentOf({ agent: String(at), since: NOW_S - ((at * 31) % 900) }),
  );
  const choice = { unit: null, search: "", paused: false, near: false, sort: "state" } as const;
  const work = arranging(floor, choice, SITE, NOW_S, new Intl.Collator("zh-CN"));
  let pieces = 1;
  while (work.next().done !== true) pieces += 1;
  expect(pieces).toBeGreaterThan((2 * floor.length) / PIECE);
});
