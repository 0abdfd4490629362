// Durations as people read them: on a dial (m:ss) where they are watched, in words where people decide.

export interface DurationWords {
  hours: string;
  minutes: string;
  seconds: string;
}

export const MINUS = "\u2212";
/** A number and its unit stay in one line. */
export const NO_BREAK = "\u00a0";
const HOUR_S = 3600;
const MINUTE_S = 60;

/** `m:ss`, from an hour on `h:mm:ss`; never below zero. */
export function dial(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [h, m, s] = split(whole);
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/**
 * In words. `exact` leaves nothing out but zeros at the end; `steady` keeps its width while it runs, hours with
 * minutes, minutes with seconds; `minutes` is for where seconds do not matter.
 */
export function inWords(
  seconds: number,
  words: DurationWords,
  precision: "exact" | "steady" | "minutes" = "exact",
): string {
  const whole = Math.floor(Math.abs(seconds));
  const [h, m, s] = split(whole);
  if (precision === "minutes")
    return parts(
      [
        [h, words.hours],
        [m, words.minutes],
      ],
      1,
    );
  const all: Part[] = [
    [h, words.hours],
    [m, words.minutes],
    [s, words.seconds],
  ];
  if (precision === "exact") return parts(all, 0);
  return h > 0
    ? parts(all.slice(0, 2), 2)
    : m > 0
      ? parts(all.slice(1), 2)
      : `${s}${NO_BREAK}${words.seconds}`;
}

/** With its sign before it; nothing has no sign. */
export function signed(seconds: number, words: DurationWords): string {
  const text = inWords(seconds, words);
  if (Math.trunc(seconds) === 0) return text;
  return `${seconds < 0 ? MINUS : "+"}${text}`;
}

type Part = [amount: number, unit: string];

/** Leading zeros are left out, and trailing ones beyond the first `kept` parts; inner numbers have two digits. */
function parts(all: Part[], kept: number): string {
  let first = all.findIndex(([amount]) => amount > 0);
  if (first < 0) first = all.length - 1;
  let last = all.length - 1;
  while (last > first && last + 1 > first + kept && all[last]![0] === 0) last -= 1;
  return all
    .slice(first, last + 1)
    .map(([amount, unit], at) => `${at > 0 ? two(amount) : amount}${NO_BREAK}${unit}`)
    .join(" ");
}

function split(whole: number): [number, number, number] {
  return [Math.floor(whole / HOUR_S), Math.floor(whole / MINUTE_S) % 60, whole % 60];
}

function two(amount: number): string {
  return String(amount).padStart(2, "0");
}
