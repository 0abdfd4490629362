// Where each tile stands. Only what is in sight is drawn, so that 5,000 agents cost no more than 100; all sizes in px.

import type { Group } from "./arrange";

export interface Measure {
  columns: number;
  cell_width: number;
  cell_height: number;
  gap: number;
  head_height: number;
}

export interface Block {
  unit: string;
  ids: readonly string[];
  top: number;
  cells_top: number;
  bottom: number;
  /** How many agents stand before this block. */
  before: number;
}

export interface Plan {
  measure: Measure;
  blocks: readonly Block[];
  height: number;
  total: number;
  /** Of each agent the place in the whole walk, block after block. */
  places: ReadonlyMap<string, number>;
}

export interface Cell {
  id: string;
  x: number;
  y: number;
  place: number;
}

/** As many columns as fit, at least one; what remains is shared among them. */
export function measureTiles(width: number, rem: number): Measure {
  const gap = 8;
  // Narrower tiles where it takes them to have two side by side.
  const wanted = Math.min(width, width < 2 * 12.4 * rem + gap ? 9.5 * rem : 12.4 * rem);
  const columns = Math.max(1, Math.floor((width + gap) / (wanted + gap)));
  const cell_width = (width - gap * (columns - 1)) / columns;
  return { columns, cell_width, cell_height: Math.round(5.5 * rem), gap, head_height: Math.round(3 * rem) };
}

/** Up to this width a row has two lines; the rows' style sheet says the same. */
const TWO_LINES_REM_MAX = 41;

export function measureRows(width: number, rem: number): Measure {
  const cell_height = Math.round((width <= TWO_LINES_REM_MAX * rem ? 3.4 : 2.75) * rem);
  return { columns: 1, cell_width: width, cell_height, gap: 0, head_height: Math.round(3 * rem) };
}

export function planFloor(groups: readonly Group[], measure: Measure): Plan {
  const blocks: Block[] = [];
  const places = new Map<string, number>();
  let y = 0;
  for (const { unit, ids } of groups) {
    const rows = Math.ceil(ids.length / measure.columns);
    const cells_top = y + measure.head_height;
    const bottom = cells_top + rows * (measure.cell_height + measure.gap);
    blocks.push({ unit, ids, top: y, cells_top, bottom, before: places.size });
    for (const id of ids) places.set(id, places.size);
    y = bottom;
  }
  return { measure, blocks, height: y, total: places.size, places };
}

/** The blocks and cells of which any part lies between the two heights. */
export function inSight(plan: Plan, from_y: number, to_y: number): { blocks: Block[]; cells: Cell[] } {
  const { measure } = plan;
  const pitch = measure.cell_height + measure.gap;
  const blocks = plan.blocks.filter((block) => block.bottom >= from_y && block.top <= to_y);
  const cells = blocks.flatMap((block) => {
    const first = Math.max(0, Math.floor((from_y - block.cells_top) / pitch)) * measure.columns;
    const last = Math.max(0, Math.ceil((to_y - block.cells_top) / pitch)) * measure.columns;
    return block.ids.slice(first, last).map((id, at) => cellOf(block, first + at, id, measure));
  });
  return { blocks, cells };
}

export function cellAt(plan: Plan, place: number): Cell | null {
  const block = blockOf(plan, place);
  const id = block?.ids[place - block.before];
  return block === undefined || id === undefined
    ? null
    : cellOf(block, place - block.before, id, plan.measure);
}

/** The place an arrow key leads to; up and down keep the column, also from team to team. */
export function neighbour(plan: Plan, place: number, key: string): number {
  const { columns } = plan.measure;
  switch (key) {
    case "ArrowLeft":
      return Math.max(0, place - 1);
    case "ArrowRight":
      return Math.min(plan.total - 1, place + 1);
    case "Home":
      return 0;
    case "End":
      return plan.total - 1;
    case "ArrowUp":
      return vertical(plan, place, columns, -1);
    case "ArrowDown":
      return vertical(plan, place, columns, 1);
    default:
      return place;
  }
}

function vertical(plan: Plan, place: number, columns: number, step: 1 | -1): number {
  const block = blockOf(plan, place);
  if (block === undefined) return place;
  const at = place - block.before;
  const [column, row] = [at % columns, Math.floor(at / columns) + step];
  const rows = Math.ceil(block.ids.length / columns);
  if (row >= 0 && row < rows) return block.before + Math.min(row * columns + column, block.ids.length - 1);
  const next = plan.blocks[plan.blocks.indexOf(block) + step];
  if (next === undefined) return place;
  const next_row = step > 0 ? 0 : Math.ceil(next.ids.length / columns) - 1;
  return next.before + Math.min(next_row * columns + column, next.ids.length - 1);
}

function blockOf(plan: Plan, place: number): Block | undefined {
  return plan.blocks.find((block) => place >= block.before && place < block.before + block.ids.length);
}

function cellOf(block: Block, at: number, id: string, measure: Measure): Cell {
  const x = (at % measure.columns) * (measure.cell_width + measure.gap);
  const y = block.cells_top + Math.floor(at / measure.columns) * (measure.cell_height + measure.gap);
  return { id, x, y, place: block.before + at };
}
