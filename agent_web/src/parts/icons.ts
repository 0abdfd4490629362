// Shapes on a field of 16 × 16. A state is told by its shape, not only by its colour.

import type { Look } from "../floor/agents";

export type IconName =
  Look | "sun" | "moon" | "half" | "leave" | "close" | "search" | "bell_quiet" | "broken" | "back" | "onward";

interface Shape {
  path: string;
  /** Width of the pen; without it the shape is filled. */
  pen?: number;
}

const handset =
  "M3.4 2.1 5.3 1.7a.9.9 0 0 1 1 .5l.9 2a.9.9 0 0 1-.3 1.1l-1.1.9a8.2 8.2 0 0 0 4 4l.9-1.1a.9.9 0 0 1 1.1-.3l2 .9a.9.9 0 0 1 .5 1l-.4 1.9a.9.9 0 0 1-.9.7A10.9 10.9 0 0 1 2.7 3a.9.9 0 0 1 .7-.9z";

export const SHAPES: Record<IconName, Shape> = {
  on_call: { path: handset },
  other_call: {
    path: "M4 2.2 5.8 5.1 4.6 6.4a7 7 0 0 0 5 5l1.3-1.2 2.9 1.8-1 2.2C7.2 14.6 1.4 8.8 1.8 3.2zM10 2h4v4M14 2 9.2 6.8",
    pen: 1.6,
  },
  available: { path: "M8 2.6a5.4 5.4 0 1 1 0 10.8A5.4 5.4 0 1 1 8 2.6z", pen: 2.2 },
  ringing: {
    path: "M8 1.5c2.4 0 4.1 1.8 4.1 4.2 0 3 1.4 4.1 1.4 5.3H2.5c0-1.2 1.4-2.3 1.4-5.3 0-2.4 1.7-4.2 4.1-4.2zM6.2 12.3h3.6a1.8 1.8 0 0 1-3.6 0z",
  },
  wrap_up: { path: "M10.9 2.3 13.7 5.1 5.6 13.2 2 14 2.8 10.4z" },
  paused: { path: "M4 3h2.9v10H4zM9.1 3H12v10H9.1z" },
  exempt: {
    path: "M3 5.5h7.5v4.3a3 3 0 0 1-3 3H6a3 3 0 0 1-3-3zM10.5 6.8h1.3a1.6 1.6 0 0 1 0 3.2h-1.3M5.3 1.8v1.6M8.2 1.8v1.6",
    pen: 1.6,
  },
  unreachable: { path: "M3.6 3.6 12.4 12.4M12.4 3.6 3.6 12.4", pen: 2.4 },
  unobserved: { path: "M5.5 5.8a2.5 2.5 0 1 1 3.7 2.2C8.3 8.5 8 9 8 10M8 13v.2", pen: 2 },
  signed_out: { path: "M10.4 2.2a6 6 0 1 0 3.5 8.7A5.2 5.2 0 0 1 10.4 2.2z" },
  sun: {
    path: "M8 5.2a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6zM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1.1 1.1M11.9 11.9 13 13M13 3l-1.1 1.1M4.1 11.9 3 13",
    pen: 1.5,
  },
  moon: { path: "M10.2 2.5a5.8 5.8 0 1 0 3.5 8.2A4.8 4.8 0 0 1 10.2 2.5z", pen: 1.5 },
  half: { path: "M8 2.2a5.8 5.8 0 1 1 0 11.6zM8 2.2a5.8 5.8 0 0 0 0 11.6", pen: 1.5 },
  leave: { path: "M6.5 2.5h-3v11h3M6.8 8h6.7M10.8 5.2 13.6 8l-2.8 2.8", pen: 1.5 },
  close: { path: "M4 4l8 8M12 4l-8 8", pen: 1.7 },
  search: { path: "M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9zM10.3 10.3 13.7 13.7", pen: 1.6 },
  bell_quiet: { path: "M8 2.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11zM8 5v3.3l2.2 1.3", pen: 1.6 },
  back: { path: "M9.8 3 4.8 8l5 5", pen: 1.7 },
  onward: { path: "M6.2 3l5 5-5 5", pen: 1.7 },
  broken: { path: "M2.5 8.5 6 5M13.5 7.5 10 11M6 8.5 8.5 11M7.5 5 10 7.5M3 3l10 10", pen: 1.5 },
};
