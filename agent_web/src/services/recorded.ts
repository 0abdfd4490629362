// A row of what is recorded, as people read it: names for fields, spans and moments in words. Pure.

import { rateInWords } from "../me/arithmetic";
import type { Texts } from "../texts/zh";
import { inWords } from "../time/durations";
import { dayAndTime } from "../time/moments";

const US_A_SECOND = 1_000_000;
/** From this day on holds what has always held. */
const ALWAYS = "1970-01-01";
/** So begins what somebody's reading is called. */
const READ = "read ";
const UNITS = /_(us|at|s|ppm)$/;

export type Field = [name: string, value: string];

/** What can be said in words: not what is null, empty, no or zero, and no tables; all that stands in the row as it is
 * kept. */
export function fieldsOf(
  row: Readonly<Record<string, unknown>>,
  texts: Texts,
  timezone: string,
  reasonName: (reason: string) => string,
): Field[] {
  return Object.entries(row)
    .map(([key, value]) => [key, read(value)] as const)
    .filter(([key, value]) => says(value) && (typeof value !== "object" || key === "reasons"))
    .map(([key, value]) => [nameOf(key, texts), valueOf(key, value, texts, timezone, reasonName)]);
}

function nameOf(key: string, texts: Texts): string {
  return texts.recorded.fields[key] ?? key.replace(UNITS, "").replaceAll("_", " ");
}

function valueOf(
  key: string,
  value: unknown,
  texts: Texts,
  timezone: string,
  reasonName: (reason: string) => string,
): string {
  if (typeof value === "number") {
    if (key.endsWith("_us")) return inWords(value / US_A_SECOND, texts.duration);
    if (key.endsWith("_at")) return dayAndTime(value / US_A_SECOND, timezone, texts.locale);
    if (key.endsWith("_s") || key === "seconds") return inWords(value, texts.duration);
    return key.endsWith("_ppm") ? rateInWords(value) : String(value);
  }
  if (value === true) return texts.policy.values["true"] ?? "";
  if (key === "reasons") return theReasons(value as Record<string, number>, texts, reasonName);
  const word = String(value);
  if (word === ALWAYS) return texts.recorded.always;
  if (key === "reason") return reasonName(word);
  const states: Record<string, string> = { ...texts.looks, ...texts.days.states, ...texts.line.states };
  if (key === "state") return states[word] ?? word;
  if (key === "kind" && word.startsWith(READ) && texts.said[word] === undefined)
    return texts.recorded.read(word.slice(READ.length));
  return (key === "service" ? texts.services[word] : undefined) ?? texts.said[word] ?? word;
}

function theReasons(
  by_reason: Record<string, number>,
  texts: Texts,
  reasonName: (reason: string) => string,
): string {
  return Object.entries(by_reason)
    .map(([reason, us]) => `${reasonName(reason)} ${inWords(us / US_A_SECOND, texts.duration)}`)
    .join(texts.list);
}

/** Lists and tables are kept as JSON in a text. */
function read(value: unknown): unknown {
  if (typeof value !== "string" || !/^[[{]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function says(value: unknown): boolean {
  if (value === null || value === undefined || value === "" || value === 0 || value === false) return false;
  return typeof value !== "object" || Object.keys(value).length > 0;
}
