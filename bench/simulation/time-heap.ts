/** Cells by the time they end, earliest first: two flat arrays, because there are millions. */
export class TimeHeap {
  readonly #times: number[] = [];
  readonly #cells: number[] = [];

  push(atMs: number, cell: number): void {
    const times = this.#times;
    const cells = this.#cells;
    let at = times.length;
    times.push(atMs);
    cells.push(cell);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = times[parent] ?? -Infinity;
      if (above <= atMs) break;
      times[at] = above;
      cells[at] = cells[parent] ?? 0;
      at = parent;
    }
    times[at] = atMs;
    cells[at] = cell;
  }

  /** The earliest time; `null` of none. */
  peekMs(): number | null {
    return this.#times[0] ?? null;
  }

  pop(): { atMs: number; cell: number } | null {
    const times = this.#times;
    const cells = this.#cells;
    const [atMs] = times;
    const [cell] = cells;
    const lastMs = times.pop();
    const last = cells.pop();
    if (atMs === undefined || cell === undefined) return null;
    if (lastMs === undefined || last === undefined || times.length === 0) return { atMs, cell };
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      const left = times[child];
      if (left === undefined) break;
      const right = times[child + 1];
      if (right !== undefined && right < left) child += 1;
      const least = times[child] ?? Infinity;
      if (least >= lastMs) break;
      times[at] = least;
      cells[at] = cells[child] ?? 0;
      at = child;
    }
    times[at] = lastMs;
    cells[at] = last;
    return { atMs, cell };
  }
}
