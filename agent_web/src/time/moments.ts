// Moments and days on the site's own clock, whatever the reader's machine thinks.

const DAY_S = 24 * 3600;

/** `14:32` of epoch seconds. */
export function timeOfDay(epoch_s: number, timezone: string): string {
  return formatter(timezone, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(epoch_s * 1000);
}

/** The time of day; from another day than the reader's now, with that day before it. */
export function momentAgo(epoch_s: number, now_s: number, timezone: string, locale: string): string {
  const [time, day] = [timeOfDay(epoch_s, timezone), dayAt(epoch_s, timezone)];
  return day === dayAt(now_s, timezone) ? time : `${shortDay(day, locale)} ${time}`;
}

/** `3 Dec 18:00`, with the day always. */
export function dayAndTime(epoch_s: number, timezone: string, locale: string): string {
  return `${shortDay(dayAt(epoch_s, timezone), locale)} ${timeOfDay(epoch_s, timezone)}`;
}

/** The day of the calendar `2026-11-23` at a moment. */
export function dayAt(epoch_s: number, timezone: string): string {
  const parts = { year: "numeric", month: "2-digit", day: "2-digit" } as const;
  const [day, month, year] = formatter(timezone, parts)
    .format(epoch_s * 1000)
    .split("/");
  return `${year}-${month}-${day}`;
}

/** A business day `2026-11-23` as `11-23` in Chinese and `23 Nov` in English. */
export function shortDay(day: string, locale: string): string {
  if (locale.startsWith("zh")) return day.slice(5);
  return new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", timeZone: "UTC" }).format(
    Date.parse(`${day}T00:00:00Z`),
  );
}

/** The day so many days on. */
export function dayAfter(day: string, days: number): string {
  const date = new Date(`${day}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + days);
  return date.toISOString().slice(0, 10);
}

/**
 * Epoch seconds of a time of day `14:30` on a day of the zone's clock: the first, where clocks are put back and an hour
 * comes twice; by the clock of before, where they are put forward and the time does not come. So does the server.
 */
export function momentOf(day: string, time: string, timezone: string): number {
  const shown_s = Date.parse(`${day}T${time}Z`) / 1000;
  const by_clock_before = shown_s - aheadOfUtc_s(shown_s - DAY_S, timezone);
  const by_clock_after = shown_s - aheadOfUtc_s(shown_s + DAY_S, timezone);
  return (
    [by_clock_before, by_clock_after].find((at_s) => at_s + aheadOfUtc_s(at_s, timezone) === shown_s) ??
    by_clock_before
  );
}

/** What the zone's clock shows at a moment, less what UTC's shows. */
function aheadOfUtc_s(epoch_s: number, timezone: string): number {
  return Date.parse(`${dayAt(epoch_s, timezone)}T${timeOfDay(epoch_s, timezone)}Z`) / 1000 - epoch_s;
}

/** `Thursday 10 December`, `12 月 10 日 星期四`. */
export function longDay(day: string, locale: string): string {
  const how = { weekday: "long", day: "numeric", month: "long", timeZone: "UTC" } as const;
  return new Intl.DateTimeFormat(locale, how).format(Date.parse(`${day}T00:00:00Z`));
}

/** `2026-11` as `11 月` and `November`. */
export function monthName(month: string, locale: string): string {
  if (locale.startsWith("zh")) return `${Number(month.slice(5))} 月`;
  const first = Date.parse(`${month}-01T00:00:00Z`);
  return new Intl.DateTimeFormat(locale, { month: "long", timeZone: "UTC" }).format(first);
}

/** With its year: `2025 年 11 月` and `November 2025`. */
export function monthAndYear(month: string, locale: string): string {
  const year = month.slice(0, 4);
  return locale.startsWith("zh")
    ? `${year} 年 ${monthName(month, locale)}`
    : `${monthName(month, locale)} ${year}`;
}

/** An unknown zone must not take the page down: then the reader's own is shown. */
function formatter(timezone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat("en-GB", { ...options, timeZone: timezone });
  } catch {
    return new Intl.DateTimeFormat("en-GB", options);
  }
}
