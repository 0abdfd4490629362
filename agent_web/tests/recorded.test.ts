import { expect, test } from "vitest";

import { fieldsOf } from "../src/services/recorded";
import { en } from "../src/texts/en";
import { zh } from "../src/texts/zh";

const ROW = {
  day: "2026-11-28",
  signed_in_us: 30_600_000_000,
  late_us: 0,
  reasons: '{"meal":1800000000}',
  first_sign_in_at: 1_795_825_602_597_702,
  sign_ins: 1,
  full_attendance: false,
  policy_of: "",
  policy_from: "1970-01-01",
  expected: '{"shifts":[[1,2]]}',
  until_at: null,
  breaks: "[]",
};
const meal = (reason: string) => (reason === "meal" ? "用餐" : reason);

test("a row is read as people read it, and what says nothing is left out", () => {
  expect(fieldsOf(ROW, zh, "Asia/Shanghai", meal)).toEqual([
    ["日期", "2026-11-28"],
    ["签入", "8\u00a0时 30\u00a0分"],
    ["各原因时长", "用餐 30\u00a0分"],
    ["首次签入", "11-28 08:26"],
    ["签入次数", "1"],
    ["规定生效日", "一直"],
  ]);
});

test("in English a field is called as it is kept, and what ccd says is said in words in Chinese", () => {
  const row = { by: "settlement", state: "taken", service: "savings", seconds: 90, some_new_us: 1_000_000 };
  expect(fieldsOf(row, en, "UTC", meal)).toEqual([
    ["by", "settlement"],
    ["state", "Taken"],
    ["service", "Savings"],
    ["seconds", "1\u00a0min 30\u00a0s"],
    ["some new", "1\u00a0s"],
  ]);
  expect(fieldsOf(row, zh, "UTC", meal)[0]).toEqual(["经办", "日结算"]);
});

test("a text that only looks like a list is told as it stands", () => {
  expect(fieldsOf({ why: "[sic]" }, en, "UTC", meal)).toEqual([["why", "[sic]"]]);
});
