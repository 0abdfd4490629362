// What the board remembers in this browser.

import type { Sort } from "../floor/arrange";
import { recall } from "../look/look.svelte";

export type View = "tiles" | "rows";

export const SORTS: readonly Sort[] = ["state", "longest", "name"];

export function recallView(): View {
  return recall("ccd.view") === "rows" ? "rows" : "tiles";
}

export function recallSort(): Sort {
  return SORTS.find((sort) => sort === recall("ccd.sort")) ?? "state";
}
