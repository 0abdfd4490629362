import { expect, test } from "vitest";

import type { PublishedPolicy } from "../src/http/bank_api";
import { mineOf, policyNamed } from "../src/services/policy";

function published(id: string, unit: string | null, from: string, to: string | null = null): PublishedPolicy {
  const said = { published_at: 0, published_by: "li", agreed_by: null, reason: "", read_at: null, keys: [] };
  return { id, unit, from, to, ...said };
}

test("a unit's own policy goes before that of all, others' are not mine, and those to come are told in their order", () => {
  const all = [
    published("all", null, "2026-01-01"),
    published("late", "team-1", "2027-02-01"),
    published("next", null, "2027-01-01"),
    published("mine", "team-1", "2026-11-01"),
    published("over", "team-1", "2026-01-01", "2026-11-01"),
    published("other", "team-2", "2026-01-01"),
  ];
  const { now, next } = mineOf(all, "team-1", "2026-12-01");
  expect([now?.id, next.map((one) => one.id)]).toEqual(["mine", ["next", "late"]]);
  expect(mineOf(all, "team-3", "2026-12-01").now?.id).toBe("all");
  expect(mineOf(all, "team-1", "2026-10-31").now?.id).toBe("over");
});

test("an explanation's policy is that of a unit or of all, and has held since a day or always", () => {
  expect(policyNamed("the policy of team-1 since 2026-11-01")).toEqual({
    unit: "team-1",
    since: "2026-11-01",
  });
  expect(policyNamed("the policy of all units")).toEqual({ unit: "", since: "" });
});
