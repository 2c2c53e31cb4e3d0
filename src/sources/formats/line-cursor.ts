const LF = 10;
const CR = 13;

/**
 * Turns byte positions of a CSV parser into line numbers. The parser counts lines too, but takes a
 * CRLF inside quotes for two.
 */
export class LineCursor {
  #line: number;
  /** Position of `#buffers[0]` in the whole text. */
  #base = 0;
  /** How far lines are counted, in the whole text. */
  #counted = 0;
  #buffers: Buffer[] = [];
  #end = LF;

  /** @param line Of the first byte. */
  constructor(line = 1) {
    this.#line = line;
  }

  /** Bytes that go to the parser, in order. */
  feed(bytes: Buffer): void {
    // Old Mac files end their lines with a bare CR.
    if (this.#base === 0 && this.#buffers.length === 0) this.#end = bytes.includes(LF) ? LF : CR;
    this.#buffers.push(bytes);
  }

  /** Line of the first byte, from the current place on, that does not end a line. */
  nextLine(): number {
    for (let byte = this.#byte(); byte === LF || byte === CR; byte = this.#byte()) {
      this.advanceTo(this.#counted + 1);
    }
    return this.#line;
  }

  /** What stands between the current place and a byte position. */
  textTo(position: number): string {
    const parts: Buffer[] = [];
    let base = this.#base;
    for (const buffer of this.#buffers) {
      if (base >= position) break;
      parts.push(buffer.subarray(Math.max(0, this.#counted - base), position - base));
      base += buffer.length;
    }
    return Buffer.concat(parts).toString('utf8');
  }

  /** Moves on to a byte position (never back). */
  advanceTo(position: number): void {
    let [buffer] = this.#buffers;
    while (buffer !== undefined && this.#counted < position) {
      const from = this.#counted - this.#base;
      const to = Math.min(buffer.length, position - this.#base);
      for (let at = buffer.indexOf(this.#end, from); at >= 0 && at < to;) {
        this.#line += 1;
        at = buffer.indexOf(this.#end, at + 1);
      }
      this.#counted = this.#base + to;
      if (to < buffer.length) return;
      this.#base += buffer.length;
      this.#buffers.shift();
      [buffer] = this.#buffers;
    }
  }

  #byte(): number | undefined {
    return this.#buffers[0]?.[this.#counted - this.#base];
  }
}
