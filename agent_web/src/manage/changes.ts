// What a proposed change is of, in the reader's words. Pure.

import type { Change } from "../http/manage_api";
import type { ManageTexts } from "../texts/manage_zh";

const IMPORTED = /^the (?:roster|people), in place of import (\d+)$/;
const POLICY = /^policy of (.+?)(?: from (\d{4}-\d{2}-\d{2}))?$/;

/** As the server says it where that is of no kind that is known. */
export function whatChanges(
  { what }: Change,
  words: ManageTexts["waits"],
  unitName: (unit: string) => string,
  dayName: (day: string) => string,
): string {
  const imported = IMPORTED.exec(what);
  if (imported !== null) return words.instead(imported[1] ?? "");
  const policy = POLICY.exec(what);
  if (policy === null) return what;
  const [, unit = "", since] = policy;
  const whose = unit === "every unit" ? words.everyUnit : unitName(unit);
  return since === undefined ? whose : words.holdsFrom(whose, dayName(since));
}
