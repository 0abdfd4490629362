// Tiles that changed places glide there, so that the eye can follow. Nothing is painted on the way but the motion.

import type { Cell } from "../floor/plan";

const GLIDE_MS = 320;
const EASING = "cubic-bezier(0.3, 0, 0.2, 1)";

export type Standing = ReadonlyMap<string, Cell>;

export function standing(cells: readonly Cell[]): Standing {
  return new Map(cells.map((cell) => [cell.id, cell]));
}

/** `list` holds an element with `data-agent` for each cell, already in its new place. */
export function glide(list: HTMLElement, before: Standing, after: Standing): void {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  for (const element of list.querySelectorAll<HTMLElement>("[data-agent]")) {
    const id = element.dataset["agent"] ?? "";
    const [from, to] = [before.get(id), after.get(id)];
    if (from === undefined || to === undefined || (from.x === to.x && from.y === to.y)) continue;
    const start = `translate(${from.x - to.x}px, ${from.y - to.y}px)`;
    element.animate([{ transform: start }, { transform: "none" }], { duration: GLIDE_MS, easing: EASING });
  }
}
