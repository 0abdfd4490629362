// Which drawn tile shows which agent. Who stays in sight keeps the tile; who comes into sight takes one that was left,
// the first first, so that few of them have to be moved in the document: a tile that is told of another agent costs a
// fraction of a new one, and of one that is moved.

export class Slots {
  #of = new Map<string, number>();
  readonly #free: number[] = [];
  #made = 0;

  /** The slot of each of these agents, in their order. */
  assign(ids: readonly string[]): number[] {
    const before = this.#of;
    const staying = new Set(ids);
    for (const [id, slot] of before) if (!staying.has(id)) this.#free.push(slot);
    this.#of = new Map(ids.map((id) => [id, before.get(id) ?? this.#free.shift() ?? this.#made++]));
    return [...this.#of.values()];
  }
}
