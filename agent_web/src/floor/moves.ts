// Which of a row have to be moved so that it rises: as few as can be.

/** The places, in their order, of those that are not in the longest rising run; `ranks` has no two alike. */
export function fewestMoved(ranks: readonly number[]): number[] {
  // Of the runs found so far, by their length: the place of the lowest last one. `previous` leads back along a run.
  const last_of: number[] = [];
  const previous: number[] = [];
  ranks.forEach((rank, at) => {
    const longer = last_of.findIndex((place) => (ranks[place] ?? 0) > rank);
    const length = longer < 0 ? last_of.length : longer;
    previous.push(last_of[length - 1] ?? -1);
    last_of[length] = at;
  });
  const staying = new Set<number>();
  for (let at = last_of.at(-1) ?? -1; at >= 0; at = previous[at] ?? -1) staying.add(at);
  return ranks.map((_, at) => at).filter((at) => !staying.has(at));
}
