import { describe, expect, it } from "vitest";

import { Refused } from "../src/http/api";
import { en } from "../src/texts/en";
import { whyNot } from "../src/texts/refusal";
import { zh, type Texts } from "../src/texts/zh";

const told = (type: string, facts: Record<string, unknown> = {}) =>
  new Refused(409, "1007 has 300 s to give, and 400 s are asked", 0, type, facts);

const NAMES: Record<string, string> = { "team-1": "一班" };
const said = (refused: Refused, texts: Texts) => whyNot(refused, texts, (unit) => NAMES[unit] ?? unit);

describe("why something was refused", () => {
  it("is said in the reader's language, with spans and days as people read them", () => {
    const facts = { balance_s: 300, asked_s: 460 };
    expect(said(told("offset-beyond-balance", facts), zh)).toBe(
      "余额只有 5\u00a0分，不够抵扣 7\u00a0分 40\u00a0秒",
    );
    expect(said(told("offset-not-yet", { opens: "2026-11-25" }), zh)).toBe("11-25 起才可以抵扣");
    expect(said(told("day-off-run-full", { days: ["2026-12-01", "2026-12-02"] }), en)).toBe(
      "not all of these days can be had: 1 Dec, 2 Dec have no place left",
    );
  });

  it("calls units, kinds and fields as people do", () => {
    expect(said(told("no-such-unit", { unit: "team-1" }), zh)).toBe("没有 一班 这个班组");
    expect(said(told("leaver-here", { unit: "team-9" }), en)).toContain("in team-9, or will be");
    expect(said(told("packet-kind", { kinds: ["contest"] }), zh)).toContain(zh.facts.giftKinds["contest"]);
    expect(said(told("invalid-fields", { fields: ["holder", "x"] }), zh)).toBe("请检查：登录名、x");
  });

  it("is the server's own sentence where the page knows no better", () => {
    expect(said(told("of-a-later-ccd"), zh)).toBe("1007 has 300 s to give, and 400 s are asked");
    expect(said(told("offset-beyond-balance"), zh)).toBe("1007 has 300 s to give, and 400 s are asked");
    expect(said(told("not-so"), en)).toContain("1007 has 300 s to give");
  });

  it("says that there was no answer, and that the server can't just now", () => {
    expect(said(new Refused(0, "no answer"), zh)).toBe(zh.acts.noAnswer);
    expect(said(new Refused(502, "Bad Gateway"), zh)).toBe(zh.acts.notNow);
  });
});
