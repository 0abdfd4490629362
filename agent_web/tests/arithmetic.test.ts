import { describe, expect, test } from "vitest";

import type { StatementLine } from "../src/http/api";
import { explain, rateInWords } from "../src/me/arithmetic";
import { whatItBuys } from "../src/me/buys";
import { en } from "../src/texts/en";
import { zh } from "../src/texts/zh";

const FACTS = { revision: 1, base: 28_800, rate_ppm: 37_000, allowance: 1065, unobserved: 0 };

function line(service: string, amount: number, facts: StatementLine["facts"], leave = 0): StatementLine {
  const when = { transfer: "t", day: "2026-11-23", recorded_at: 0, balance_after: 0 };
  return { ...when, service, amount, leave, facts: { ...FACTS, overdraft: 0, covered: 0, ...facts } };
}

describe("a line's arithmetic in words", () => {
  test("a deposit names base, rate, allowance, aux and what was saved", () => {
    const said = explain(line("savings", 465, { aux: 600 }), en).join(" ");
    expect(said).toBe("Base 8 h; 3.7 % of it is an allowance of 17 min 45 s; 10 min used, 7 min 45 s saved.");
  });

  test("it says the same in Chinese", () => {
    const said = explain(line("savings", 465, { aux: 600 }), zh).join("");
    expect(said).toBe("计入 8 时，其 3.7 % 是额度 17 分 45 秒；用了 10 分，省下 7 分 45 秒。");
  });

  test("an overdraft says what the balance covered and what became leave", () => {
    const facts = { aux: 2000, overdraft: 935, covered: 500 };
    const said = explain(line("overdraft", -500, facts), en).join(" ");
    expect(said).toContain("33 min 20 s used");
    expect(said).toContain("15 min 35 s over");
    expect(said).toContain("8 min 20 s taken from the balance.");
    expect(said).toContain("7 min 15 s beyond the balance is personal leave.");
    expect(explain(line("leave", 0, facts, 435), en).join(" ")).toBe(said);
  });

  test("unobserved time is named, with who gains by it", () => {
    expect(explain(line("savings", 465, { aux: 600, unobserved: 720 }), en).join(" ")).toContain(
      "12 min could not be observed: they add to the allowance, nothing is charged for them.",
    );
  });

  test("a correction says what it should be, what was posted, and that this is the difference", () => {
    const said = explain(line("savings", -102, { aux: 700, revision: 2 }), en).at(-1);
    expect(said).toBe(
      "Corrected: it should be +6 min 05 s, +7 min 47 s was posted before; this is the difference.",
    );
  });

  test("a correction of an overdraft and of a leave counts in their own direction", () => {
    const facts = { aux: 2000, overdraft: 935, covered: 500, revision: 2 };
    expect(explain(line("overdraft", -200, facts), en).at(-1)).toContain("\u22125 min was posted before");
    expect(explain(line("leave", 0, facts, 400), en).at(-1)).toContain(
      "it should be +7 min 15 s, +35 s was posted",
    );
  });

  test("a line without these facts has no arithmetic, and no invented one", () => {
    const gift = { ...line("gift", 1800, {}), facts: {} };
    expect(explain(gift, zh)).toEqual([]);
  });

  test("rates are said as they are", () => {
    expect([rateInWords(37_000), rateInWords(25_300), rateInWords(50_000)]).toEqual([
      "3.7 %",
      "2.53 %",
      "5 %",
    ]);
  });
});

describe("what a balance buys", () => {
  test.each([
    [0, { days: 0, half: false, missing: 14_400 }],
    [14_399, { days: 0, half: false, missing: 1 }],
    [15_120, { days: 0, half: true, missing: 13_680 }],
    [28_800, { days: 1, half: false, missing: 14_400 }],
    [75_000, { days: 2, half: true, missing: 11_400 }],
  ])("%d s", (balance, buys) => {
    expect(whatItBuys(balance)).toEqual(buys);
  });
});
