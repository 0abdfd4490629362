/** One after the other, as the language sets them: Chinese ones need no space between. */
export function sentences(all: readonly string[], locale: string): string {
  return all.join(locale.startsWith("zh") ? "" : " ");
}
