const LF = 10;
const CR = 13;

/**
 * Converter of byte positions of the CSV parser to line numbers. The parser counts lines too, but
 * counts a CRLF inside quotes twice.
 */
export class LineCursor {
  #line: number;
  /** Position of `#buffers[0]` in the whole text. */
  #base = 0;
  /** Position up to which lines are counted, in the whole text. */
  #counted = 0;
  #buffers: Buffer[] = [];
  #end = LF;

  /** @param line Number of the first line. */
  constructor(line = 1) {
    this.#line = line;
  }

  /** Records bytes passed to the parser, in order. */
  feed(bytes: Buffer): void {
    // Old Mac files end their lines with a bare CR.
    if (this.#base === 0 && this.#buffers.length === 0) this.#end = bytes.includes(LF) ? LF : CR;
    this.#buffers.push(bytes);
  }

  /** Returns the line of the next byte that does not end a line. */
  nextLine(): number {
    for (let byte = this.#byte(); byte === LF || byte === CR; byte = this.#byte()) {
      this.advanceTo(this.#counted + 1);
    }
    return this.#line;
  }

  /** Returns the text between the current and a byte position. */
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

  /** Advances to a byte position (never back). */
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
