// Which drawn tile shows which agent. Who stays in sight keeps the tile; who comes into sight takes one that was left:
// a tile that is told of another agent costs a fraction of a new one.

export class Slots {
  #of = new Map<string, number>();
  #free: number[] = [];
  #made = 0;

  /** The slot of each of these agents, in their order. */
  assign(ids: readonly string[]): number[] {
    const before = this.#of;
    this.#of = new Map();
    const staying = new Set(ids);
    for (const [id, slot] of before) {
      if (staying.has(id)) this.#of.set(id, slot);
      else this.#free.push(slot);
    }
    return ids.map((id) => {
      const slot = this.#of.get(id) ?? this.#free.pop() ?? this.#made++;
      this.#of.set(id, slot);
      return slot;
    });
  }
}
