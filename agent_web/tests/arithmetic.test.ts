import { describe, expect, test } from "vitest";

import type { StatementLine } from "../src/http/api";
import { explain, rateInWords } from "../src/me/arithmetic";
import { whatItBuys } from "../src/me/buys";
import { en } from "../src/texts/en";
import { zh, type Texts } from "../src/texts/zh";
import { NO_BREAK } from "../src/time/durations";

const FACTS = {
  revision: 1,
  base: 28_800,
  rate_ppm: 37_000,
  allowance: 1065,
  protected: 1065,
  unobserved: 0,
};

function line(amount: number, facts: StatementLine["facts"], leave = 0): StatementLine {
  const when = { transfer: "t", day: "2026-11-23", recorded_at: 0, balance_after: 0 };
  return {
    ...when,
    service: "savings",
    amount,
    leave,
    text: "",
    facts: { ...FACTS, deposit: 0, overdraft: 0, before: 0, ...facts },
  };
}

/** As it is read: a space that does not break is one as well. */
const explained = (one: StatementLine, texts: Texts) =>
  explain(one, texts).map((said) => said.replaceAll(NO_BREAK, " "));

describe("a line's arithmetic in words", () => {
  test("what was posted says of what the base was reckoned, too", () => {
    const measured = {
      scheduled: true,
      signed_in: 32_400e6,
      exempt: 3_000e6,
      unreachable: 600e6,
      unobserved: 0,
    };
    const posted = { ...line(465, { aux: 600, deposit: 465, base_us: 28_800e6, measured }) };
    delete posted.facts.base;
    expect(explained(posted, zh)).toEqual([
      "班内签入 9 时（不含班内休息），扣除免计 50 分，扣除话机失联 10 分。",
      "计入 8 时，其 3.7 % 是额度 17 分 45 秒；用了 10 分，省下 7 分 45 秒。",
    ]);
    posted.facts.base_us = 27_000e6;
    expect(explained(posted, en)[0]).toBe(
      "Signed in for 9 h, inside the shift and less its breaks; 50 min of it exempt;" +
        " 10 min of it with an unreachable telephone; more is not counted in a day.",
    );
    posted.facts.measured = { ...measured, share_ppm: 500_000 };
    expect(explained(posted, zh)[0]).toContain("超过当日上限（合同工时的 50 %）的不计入。");
    posted.facts.measured = { ...measured, ruled: 27_000e6 };
    expect(explained(posted, zh)[0]).toContain("当日没有其他活动，只计入裁定的时长。");
    posted.facts.measured = { ...measured, ruled: 27_000e6, answered: 1 };
    expect(explained(posted, zh)[0]).toContain("超过当日上限的不计入。");
  });

  test("a deposit names base, rate, allowance, aux and what was saved", () => {
    const said = explained(line(465, { aux: 600, deposit: 465 }), en).join(" ");
    expect(said).toBe("Base 8 h; 3.7 % of it is an allowance of 17 min 45 s; 10 min used, 7 min 45 s saved.");
  });

  test("it says the same in Chinese", () => {
    const said = explained(line(465, { aux: 600, deposit: 465 }), zh).join("");
    expect(said).toBe("计入 8 时，其 3.7 % 是额度 17 分 45 秒；用了 10 分，省下 7 分 45 秒。");
  });

  test("an overdraft says what the balance covered and what became leave", () => {
    const said = explained(line(-500, { aux: 2000, overdraft: 935 }, 435), en);
    expect(said).toEqual([
      "33 min 20 s used; 3.7 % of a base of 8 h is an allowance of 17 min 45 s; 15 min 35 s over.",
      "8 min 20 s taken from the balance.",
      "7 min 15 s beyond the balance is personal leave.",
    ]);
  });

  test("what came after the month's close says what is written off, and what makes up for that", () => {
    const late = { revision: 2, aux: 1165, overdraft: 100, before: 465, written_off: 500 };
    expect(explained(line(-65, late), en).slice(1)).toEqual([
      "1 min 05 s taken from the balance.",
      "8 min 20 s beyond the balance is written off: that month is closed.",
      "Corrected: it should be −1 min 40 s, +7 min 45 s was posted before; this is the difference.",
    ]);
    const gain = { revision: 3, aux: 600, deposit: 465, before: -100, written_off: -500 };
    expect(explained(line(65, gain), en)[1]).toBe(
      "8 min 20 s of the gain makes up for what was written off before.",
    );
    expect(explained(line(65, gain), zh)[1]).toBe("多出的时长中，8 分 20 秒先抵先前的免扣。");
  });

  test("what was not observed widens what is not charged, and is named", () => {
    const said = explained(line(-100, { aux: 1209, protected: 1109, unobserved: 1200, overdraft: 100 }), en);
    expect(said[0]).toContain("an allowance of 17 min 45 s, widened to 18 min 29 s; 1 min 40 s over.");
    expect(said[1]).toBe("20 min could not be observed; nothing is charged for them.");
  });

  test("between allowance and protection nothing is saved and nothing charged", () => {
    const said = explained(line(0, { aux: 1100, protected: 1109, unobserved: 1200 }), en);
    expect(said[0]).toContain("18 min 20 s used, nothing saved.");
    expect(said).toHaveLength(2);
  });

  test("a correction says what it should be, what was posted, and that this is the difference", () => {
    const said = explained(line(-102, { aux: 700, deposit: 365, before: 467, revision: 2 }), en);
    expect(said.at(-1)).toBe(
      "Corrected: it should be +6 min 05 s, +7 min 47 s was posted before; this is the difference.",
    );
  });

  test("a correction that cancels leave says so", () => {
    const said = explained(line(30, { aux: 1000, deposit: 65, before: -400, revision: 3 }, -435), en);
    expect(said[1]).toBe("7 min 15 s less of personal leave.");
    expect(said.at(-1)).toContain("it should be +1 min 05 s, \u22126 min 40 s was posted before");
  });

  test("what was posted before follows from the line where its facts do not tell", () => {
    const { before: _, ...facts } = line(-102, { aux: 700, deposit: 365, revision: 2 }).facts;
    expect(explained({ ...line(-102, {}), facts }, en).at(-1)).toContain("+7 min 47 s was posted before");
  });

  test("a line without these facts has no arithmetic, and no invented one", () => {
    expect(explain({ ...line(1800, {}), service: "gift", facts: {} }, zh)).toEqual([]);
  });

  test.each(["idle_leave", "idle_offset", "offset", "leave_taken", "idle_taken"])(
    "a line of %s has a name, and says what it is for, in both languages",
    (service) => {
      for (const texts of [zh, en]) {
        expect(texts.services[service]).toBeDefined();
        expect(explain({ ...line(-1800, {}), service, facts: {} }, texts)).toHaveLength(1);
      }
    },
  );

  test("what is held for a day off, and what comes back of it, say so", () => {
    const held = { ...line(-1800, {}), service: "withdrawal", facts: {} };
    expect(explain(held, en)).toEqual(["Put aside for a day off; what is not taken comes back."]);
    expect(explain({ ...held, amount: 1800 }, en)).toEqual(["Not taken as a day off: it comes back."]);
    const taken = "Taken as a day off, out of what was put aside.";
    expect(explain({ ...held, amount: 0 }, en)).toEqual([taken]);
  });

  test("what expired says by account what was there, what of it is young enough, and what went", () => {
    const savings = { balance_s: 660, came_in_s: 0, owed_s: 600 };
    const accounts = { gift: { balance_s: 2500, came_in_s: 500 }, savings };
    const gone = { ...line(-2060, {}), service: "expiry", facts: { months: 2, since: "2026-11", accounts } };
    expect(explained(gone, en)).toEqual([
      "Red packets: 41 min 40 s as the month closed, of which 8 min 20 s came in since November 2026; 33 min 20 s from before was not used for 2 attendance months, and expired.",
      "Savings: 11 min as the month closed, of which 0 s came in since November 2026; 1 min from before was not used for 2 attendance months, and expired.",
      "10 min was set aside for leave that is still owed.",
    ]);
    expect(explained(gone, zh)[1]).toContain("满 2 个考勤月未用，过期");
  });

  test("what was posted by hand says what the person said", () => {
    const byHand = { ...line(1800, {}), service: "correction", facts: {}, text: "换班登记错误" };
    expect(explain(byHand, zh)).toEqual(["换班登记错误"]);
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
