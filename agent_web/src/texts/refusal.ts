// Why something was refused, in the reader's words: by its type and the facts that the server tells with it. Pure.

import type { Refused } from "../http/api";
import { inWords } from "../time/durations";
import { shortDay } from "../time/moments";
import type { Texts } from "./zh";

const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** Of a type that this page does not know, or whose facts are lacking, the server's own sentence. `unitName`: what
 * people call a unit. */
export function whyNot(refused: Refused, texts: Texts, unitName: (unit: string) => string): string {
  if (refused.status === 0) return texts.acts.noAnswer;
  const words = texts.refusals[refused.type];
  if (words === undefined) return refused.status >= 500 ? texts.acts.notNow : refused.message;
  const facts: Record<string, unknown> = { ...refused.facts, detail: refused.message };
  const names = [...words.matchAll(/\{(\w+)\}/g)].map((found) => found[1] ?? "");
  if (names.some((name) => facts[name] === undefined || facts[name] === null)) return refused.message;
  return words.replace(/\{(\w+)\}/g, (_, name: string) => told(name, facts[name], texts, unitName));
}

function told(name: string, fact: unknown, texts: Texts, unitName: (unit: string) => string): string {
  if (Array.isArray(fact)) return fact.map((one) => told(name, one, texts, unitName)).join(texts.list);
  if (typeof fact === "number" && name.endsWith("_s")) return inWords(fact, texts.duration);
  const word = String(fact);
  if (name === "unit") return unitName(word);
  if (name === "fields") return texts.fields[word] ?? word;
  if (name === "kinds") return texts.facts.giftKinds[word] ?? word;
  return DAY.test(word) ? shortDay(word, texts.locale) : word;
}
