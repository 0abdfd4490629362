// A statement line's arithmetic, said in sentences: how the amount came about, out of the facts it was posted with.

import type { Facts, StatementLine } from "../http/api";
import type { Texts } from "../texts/zh";
import { inWords, signed } from "../time/durations";

const PPM_A_PERCENT = 10_000;

export function rateInWords(rate_ppm: number): string {
  return `${Number((rate_ppm / PPM_A_PERCENT).toFixed(4))} %`;
}

/** Sentences, shortest first; none where the facts do not hold what is needed. */
export function explain(line: StatementLine, texts: Texts): string[] {
  const { facts } = line;
  const { base, rate_ppm, allowance, aux } = facts;
  if (base === undefined || rate_ppm === undefined || allowance === undefined || aux === undefined) return [];
  const words = (seconds: number) => inWords(seconds, texts.duration);
  const rate = rateInWords(rate_ppm);
  const sentences: string[] = [];
  if (line.service === "savings") {
    const kept = Math.max(0, allowance - Math.floor(aux));
    sentences.push(
      kept > 0
        ? texts.facts.deposit(words(base), rate, words(allowance), words(aux), words(kept))
        : texts.facts.nothingKept(words(base), rate, words(allowance), words(aux)),
    );
  } else {
    const over = facts.overdraft ?? Math.max(0, Math.floor(aux) - allowance);
    sentences.push(texts.facts.overdraft(words(aux), words(base), rate, words(allowance), words(over)));
    sentences.push(...chargedTo(facts, over, texts));
  }
  if ((facts.unobserved ?? 0) >= 1) sentences.push(texts.facts.unobserved(words(facts.unobserved ?? 0)));
  const correction = correctionOf(line, texts);
  return correction === null ? sentences : [...sentences, correction];
}

function chargedTo(facts: Facts, over: number, texts: Texts): string[] {
  const words = (seconds: number) => inWords(seconds, texts.duration);
  const covered = facts.covered ?? over;
  const sentences: string[] = [];
  if (covered > 0) sentences.push(texts.facts.covered(words(covered)));
  if (over > covered) sentences.push(texts.facts.asLeave(words(over - covered)));
  return sentences;
}

/** A day measured anew posts the difference only: what it is now, and what was posted before. */
function correctionOf(line: StatementLine, texts: Texts): string | null {
  const { facts } = line;
  if ((facts.revision ?? 1) <= 1) return null;
  const now = worthNow(line);
  const posted = line.amount !== 0 ? line.amount : line.leave;
  const said = (seconds: number) => (seconds === 0 ? texts.facts.nothing : signed(seconds, texts.duration));
  return texts.facts.revision(said(now), said(now - posted));
}

function worthNow(line: StatementLine): number {
  const { allowance = 0, aux = 0, overdraft = 0, covered = 0 } = line.facts;
  if (line.service === "savings") return Math.max(0, allowance - Math.floor(aux));
  if (line.amount === 0 && line.leave !== 0) return overdraft - covered;
  return -covered;
}
