/** First in, first out, of numbers: 100,000 waiting cells are one array, and taking one is cheap. */
export class Queue {
  #items: number[] = [];
  #head = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  push(item: number): void {
    this.#items.push(item);
  }

  peek(): number | undefined {
    return this.#items[this.#head];
  }

  drop(): void {
    this.#head += 1;
    if (this.#head > 1024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
  }
}
