import { describe, expect, it } from "vitest";

import type { Quota } from "../src/http/manage_api";
import { loadsOf, saidOf, templates, underLoad, weekdayOf } from "../src/manage/quotas";

const quota = (on: string, agents: number, load = ""): Quota => ({ on, agents, seconds: null, load });
const SAID = [
  quota("holiday", 1),
  quota("friday", 2, "rush"),
  quota("monday", 3),
  quota("2026-12-11", 9),
  quota("monday", 5),
  quota("friday", 4),
];

describe("what was said of every week", () => {
  it("stands in the order of the week, of each kind of day what was said last", () => {
    const shown = templates(SAID).map((one) => [one.on, one.load, one.agents]);
    expect(shown).toEqual([
      ["monday", "", 5],
      ["friday", "", 4],
      ["friday", "rush", 2],
      ["holiday", "", 1],
    ]);
    expect(saidOf(SAID, "monday", "")?.agents).toBe(5);
    expect(saidOf(SAID, "monday", "rush")).toBeNull();
    expect(loadsOf(SAID)).toEqual(["rush"]);
  });

  it("knows the days of the week", () => {
    expect(["2026-11-29", "2026-11-30", "2026-12-04"].map(weekdayOf)).toEqual(["sunday", "monday", "friday"]);
  });
});

describe("what a load makes of a day", () => {
  it("takes the template for it, else that for any, and leaves a day that has its own", () => {
    expect(underLoad(SAID, "2026-12-04", "rush")).toMatchObject({ agents: 2 });
    expect(underLoad(SAID, "2026-12-04", "quiet")).toMatchObject({ agents: 4, load: "" });
    expect(underLoad(SAID, "2026-12-04", "")).toMatchObject({ agents: 4 });
    expect(underLoad(SAID, "2026-12-01", "rush")).toBeNull();
    expect(underLoad(SAID, "2026-12-11", "rush")).toBe("own");
  });
});
