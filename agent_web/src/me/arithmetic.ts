// A statement line's arithmetic, said in sentences: how the day's worth came about, what this line did with it.

import type { Facts, Measured, OvertimePaid, StatementLine } from "../http/api";
import type { Texts } from "../texts/zh";
import { inWords, signed } from "../time/durations";
import { monthAndYear } from "../time/moments";

const PPM_A_PERCENT = 10_000;
const SECOND_US = 1_000_000;

export function rateInWords(rate_ppm: number): string {
  return `${Number((rate_ppm / PPM_A_PERCENT).toFixed(4))} %`;
}

/** What of a line says how it came about. */
type Line = Pick<StatementLine, "service" | "amount" | "leave" | "text" | "by" | "facts">;

/** Where the line is no settlement's, what the person said who posted it, else what such a line is for. */
export function explain(line: Line, texts: Texts): string[] {
  if (line.facts.paid !== undefined)
    return [...theOvertime(line.facts.paid, texts), ...theCharge(line, texts)];
  if (line.service === "gift" && line.facts.kind !== undefined) return theGift(line, line.facts.kind, texts);
  if (line.service === "expiry" && line.facts.accounts !== undefined) return theExpiry(line.facts, texts);
  const day = dayOf(line.facts);
  if (day === null) return line.text === "" ? thePurpose(line, texts) : [line.text];
  return [
    ...theBase(line.facts, texts),
    theDay(day, texts),
    ...theProtection(day, texts),
    ...theCharge(line, texts),
    ...theCorrection(line, day, texts),
  ];
}

function thePurpose(line: Line, texts: Texts): string[] {
  const { held, taken, back } = texts.daysOff;
  if (line.service === "withdrawal") return [line.amount < 0 ? held : line.amount > 0 ? back : taken];
  const purpose = texts.purposes[line.service];
  return purpose === undefined ? [] : [purpose];
}

/** What a red packet was given for, by whom, and why. */
function theGift(line: Line, kind: string, texts: Texts): string[] {
  const said = texts.facts.gift(texts.facts.giftKinds[kind] ?? kind, line.by ?? "");
  return line.text === "" ? [said] : [said, line.text];
}

/** Of each account what was there, and what of it is old enough. */
function theExpiry({ months = 0, since = "", accounts = {} }: Facts, texts: Texts): string[] {
  const words = (seconds: number) => inWords(seconds, texts.duration);
  const named = texts.me.account as Record<string, string>;
  return Object.entries(accounts).flatMap(([kind, { balance_s, came_in_s, owed_s = 0 }]) => [
    texts.facts.expiry(
      named[kind] ?? kind,
      words(balance_s),
      words(came_in_s),
      monthAndYear(since, texts.locale),
      words(balance_s - came_in_s - owed_s),
      months,
    ),
    ...(owed_s > 0 ? [texts.facts.setAside(words(owed_s))] : []),
  ]);
}

/** What each emergency of the day comes to, whichever part of that this line posts. */
function theOvertime(paid: OvertimePaid[], texts: Texts): string[] {
  const words = (seconds: number) => inWords(seconds, texts.duration);
  if (paid.length === 0) return [texts.facts.noOvertime];
  return paid.flatMap(({ level, principal, entered, interest_ppm, interest }) => [
    texts.facts.overtime(level, words(principal), rateInWords(interest_ppm), words(interest)),
    ...(entered > 0 ? [texts.facts.entered(words(entered))] : []),
  ]);
}

interface Day {
  base: number;
  rate_ppm: number;
  allowance: number;
  /** Up to this nothing is charged: more than the allowance where time was not observed, or it was so agreed. */
  protected: number;
  unobserved: number;
  aux: number;
  deposit: number;
  overdraft: number;
}

function dayOf(facts: Facts): Day | null {
  const { base_us, measured, rate_ppm, allowance, aux } = facts;
  const base = facts.base ?? (base_us === undefined ? undefined : base_us / SECOND_US);
  if (base === undefined || rate_ppm === undefined || allowance === undefined || aux === undefined)
    return null;
  const { deposit = Math.max(0, allowance - Math.floor(aux)), overdraft = 0 } = facts;
  const unobserved = facts.unobserved ?? (measured?.unobserved ?? 0) / SECOND_US;
  const upTo = facts.protected ?? allowance;
  return { base, rate_ppm, allowance, protected: upTo, unobserved, aux, deposit, overdraft };
}

/** Of what the base was reckoned, where that is known. */
function theBase({ measured, base_us = 0 }: Facts, texts: Texts): string[] {
  if (measured === undefined) return [];
  const { signed_in, exempt, unreachable, overtime = 0, scheduled = false } = measured;
  const words = (span_us: number) => inWords(span_us / SECOND_US, texts.duration);
  const all = Math.max(0, signed_in - exempt - unreachable) + overtime;
  const parts = [texts.facts.signedIn(words(signed_in), scheduled)];
  if (exempt > 0) parts.push(texts.facts.ofItExempt(words(exempt)));
  if (unreachable > 0) parts.push(texts.facts.ofItUnreachable(words(unreachable)));
  if (overtime > 0) parts.push(texts.facts.withOvertime(words(overtime)));
  if (base_us !== all) parts.push(whyNotAll(base_us, measured, texts));
  return [texts.facts.joined(parts)];
}

function whyNotAll(base_us: number, measured: Measured, texts: Texts): string {
  const { ruled = 0, share_ppm, answered = 0, pauses = 0, sign_ins = 0, sign_outs = 0 } = measured;
  if (base_us === 0) return texts.facts.nothingHappened;
  if (base_us === ruled && answered + pauses + sign_ins + sign_outs === 0) return texts.facts.onlyRuled;
  return texts.facts.notAll(share_ppm === undefined ? "" : rateInWords(share_ppm));
}

function theDay(day: Day, texts: Texts): string {
  const words = (seconds: number) => inWords(seconds, texts.duration);
  const [base, rate, allowance] = [words(day.base), rateInWords(day.rate_ppm), words(day.allowance)];
  if (day.deposit > 0) return texts.facts.deposit(base, rate, allowance, words(day.aux), words(day.deposit));
  if (day.overdraft === 0) return texts.facts.nothingKept(base, rate, allowance, words(day.aux));
  const beyond = Math.max(day.allowance, day.protected);
  if (beyond === day.allowance)
    return texts.facts.overdraft(words(day.aux), base, rate, allowance, words(day.overdraft));
  return texts.facts.overdraftBeyond(
    words(day.aux),
    base,
    rate,
    allowance,
    words(beyond),
    words(day.overdraft),
  );
}

function theProtection(day: Day, texts: Texts): string[] {
  if (day.unobserved < 1) return [];
  return [texts.facts.unobserved(inWords(day.unobserved, texts.duration))];
}

function theCharge(line: Line, texts: Texts): string[] {
  const words = (seconds: number) => inWords(seconds, texts.duration);
  const sentences: string[] = [];
  if (line.amount < 0) sentences.push(texts.facts.covered(words(line.amount)));
  if (line.leave > 0) sentences.push(texts.facts.asLeave(words(line.leave)));
  if (line.leave < 0) sentences.push(texts.facts.leaveLess(words(line.leave)));
  const { written_off = 0 } = line.facts;
  if (written_off > 0) sentences.push(texts.facts.writtenOff(words(written_off)));
  if (written_off < 0) sentences.push(texts.facts.madeUp(words(written_off)));
  return sentences;
}

/** A day measured anew posts the difference only: what it is now, and what had been posted before. */
function theCorrection(line: Line, day: Day, texts: Texts): string[] {
  if ((line.facts.revision ?? 1) <= 1) return [];
  const worth = day.deposit - day.overdraft;
  const before = line.facts.before ?? worth - (line.amount - line.leave);
  return [texts.facts.revision(signed(worth, texts.duration), signed(before, texts.duration))];
}
