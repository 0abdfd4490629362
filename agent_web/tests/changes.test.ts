import { expect, it } from "vitest";

import type { Change } from "../src/http/manage_api";
import { whatChanges } from "../src/manage/changes";
import { zh } from "../src/texts/manage_zh";

const what = (said: string) =>
  whatChanges(
    { what: said } as Change,
    zh.waits,
    (unit) => (unit === "team-1" ? "一班" : unit),
    (day) => day.slice(5),
  );

it("says in the reader's language what a change is of, and as it was said what it does not know", () => {
  expect(what("the roster, in place of import 4")).toBe("代替第 4 次导入");
  expect(what("policy of team-1 from 2026-12-01")).toBe("一班，12-01 起");
  expect(what("policy of every unit")).toBe("所有单位");
  expect(what("[reasons.meeting]")).toBe("[reasons.meeting]");
});
