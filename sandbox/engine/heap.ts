export interface Timed {
  atMs: number;
  /** Breaks ties, so that equal times keep the order in which they were planned. */
  seq: number;
}

const before = (a: Timed, b: Timed): boolean =>
  a.atMs < b.atMs || (a.atMs === b.atMs && a.seq < b.seq);

/** Binary heap, the earliest first. Contains only cells in progress, never the whole table. */
export class Heap<T extends Timed> {
  readonly #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  peek(): T | undefined {
    return this.#items[0];
  }

  push(item: T): void {
    let at = this.#items.length;
    this.#items.push(item);
    while (at > 0) {
      const parentAt = (at - 1) >> 1;
      const parent = this.#items[parentAt];
      if (parent === undefined || !before(item, parent)) break;
      this.#items[at] = parent;
      at = parentAt;
    }
    this.#items[at] = item;
  }

  pop(): T | undefined {
    const first = this.#items[0];
    const last = this.#items.pop();
    if (first === undefined || last === undefined || this.#items.length === 0) return first;
    let at = 0;
    for (;;) {
      const child = this.#earlierChild(at);
      if (child === null || !before(child.item, last)) break;
      this.#items[at] = child.item;
      at = child.at;
    }
    this.#items[at] = last;
    return first;
  }

  #earlierChild(parentAt: number): { at: number; item: T } | null {
    const at = parentAt * 2 + 1;
    const left = this.#items[at];
    const right = this.#items[at + 1];
    if (left === undefined) return null;
    return right !== undefined && before(right, left)
      ? { at: at + 1, item: right }
      : { at, item: left };
  }
}
