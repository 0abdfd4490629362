import { describe, expect, test } from "vitest";

import { cellAt, inSight, measureRows, measureTiles, neighbour, planFloor } from "../src/floor/plan";

const MEASURE = { columns: 3, cell_width: 100, cell_height: 80, gap: 10, head_height: 40 };

function names(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, at) => `${prefix}${at}`);
}

// Two teams: rows at 40 130 220 | head at 310, rows at 350 440.
const PLAN = planFloor(
  [
    { unit: "a", ids: names("a", 7) },
    { unit: "b", ids: names("b", 5) },
  ],
  MEASURE,
);

describe("the plan of the floor", () => {
  test("teams stand below one another, agents in rows", () => {
    expect(PLAN.blocks.map(({ top, cells_top, bottom }) => [top, cells_top, bottom])).toEqual([
      [0, 40, 310],
      [310, 350, 530],
    ]);
    expect(cellAt(PLAN, 4)).toEqual({ id: "a4", x: 110, y: 130, place: 4 });
    expect(cellAt(PLAN, 7)).toEqual({ id: "b0", x: 0, y: 350, place: 7 });
    expect(cellAt(PLAN, 12)).toBeNull();
  });

  test("only what is in sight is drawn, and all of it", () => {
    const { cells, blocks } = inSight(PLAN, 225, 355);
    expect(cells.map(({ id }) => id)).toEqual(["a6", "b0", "b1", "b2"]);
    expect(blocks.map(({ unit }) => unit)).toEqual(["a", "b"]);
  });

  test.each([0, 37, 128, 129, 130, 219, 300, 345, 349, 350, 439])(
    "nothing in sight at %d is missing",
    (from) => {
      const seen = new Set(inSight(PLAN, from, from + 100).cells.map(({ id }) => id));
      for (let place = 0; place < PLAN.total; place += 1) {
        const { id, y } = cellAt(PLAN, place)!;
        if (y < from + 100 && y + MEASURE.cell_height > from) expect(seen).toContain(id);
      }
    },
  );

  test("5,000 agents cost no more tiles than a window holds", () => {
    const large = planFloor([{ unit: "a", ids: names("x", 5_000) }], MEASURE);
    expect(inSight(large, 50_000, 50_900).cells.length).toBeLessThan(40);
  });

  test.each([
    ["ArrowRight", 6, 7],
    ["ArrowRight", 11, 11],
    ["ArrowLeft", 0, 0],
    ["ArrowDown", 1, 4],
    ["ArrowDown", 4, 6],
    ["ArrowDown", 6, 7],
    ["ArrowDown", 11, 11],
    ["ArrowUp", 8, 6],
    ["ArrowUp", 10, 7],
    ["ArrowUp", 2, 2],
    ["Home", 9, 0],
    ["End", 0, 11],
    ["x", 3, 3],
  ])("%s leads from %d to %d", (key, from, to) => {
    expect(neighbour(PLAN, from, key)).toBe(to);
  });

  test("tiles fill the width, at least two columns on a phone", () => {
    for (const width of [296, 336, 359, 366, 375, 400, 700, 1280, 1390, 1900, 2500]) {
      const { columns, cell_width, gap } = measureTiles(width, 15);
      expect(columns * cell_width + (columns - 1) * gap).toBeCloseTo(width);
      expect(columns).toBeGreaterThanOrEqual(width >= 296 ? 2 : 1);
    }
    expect(measureRows(1000, 15)).toMatchObject({ columns: 1, cell_width: 1000 });
    expect(measureRows(366, 15).cell_height).toBeGreaterThan(measureRows(1000, 15).cell_height);
  });
});
