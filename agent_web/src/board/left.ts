// What is left of an allowance, in the few letters that a tile has room for.

import type { Texts } from "../texts/zh";
import { dial, inWords } from "../time/durations";

export function leftInWords(left_s: number, texts: Texts): string {
  if (left_s < 0) return texts.board.over(dial(-left_s));
  return texts.board.left(inWords(left_s, texts.duration, left_s >= 60 ? "minutes" : "exact"));
}
