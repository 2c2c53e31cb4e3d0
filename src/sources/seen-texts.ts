/** Words per slot: three of hash, one of value. */
const WORDS = 4;
const FIRST_SLOTS = 1 << 12;

/**
 * Set of texts with their positions, at 32 bytes per text: no key of millions stays in memory.
 * Compares 96 bits of hash. For a billion texts, the probability of a collision is below 1 in
 * 10^10.
 */
export class SeenTexts {
  #slots = FIRST_SLOTS;
  #table = new Uint32Array(FIRST_SLOTS * WORDS);
  #used = 0;

  /**
   * Returns the number that the text was first added with (from 1), or `null` if it is new, and
   * adds it.
   */
  add(text: string, number: number): number | null {
    if (this.#used * 4 > this.#slots * 3) this.#grow();
    const [a, b, c] = hashOf(text);
    const at = this.#find(a, b, c);
    const before = this.#table[at + 3] ?? 0;
    if (before !== 0) return before;
    this.#put(at, a, b, c, number);
    this.#used += 1;
    return null;
  }

  /** Finds the slot of a hash, or the free slot for it. */
  #find(a: number, b: number, c: number): number {
    const table = this.#table;
    for (let slot = a % this.#slots; ; slot = (slot + 1) % this.#slots) {
      const at = slot * WORDS;
      if (table[at + 3] === 0) return at;
      if (table[at] === a && table[at + 1] === b && table[at + 2] === c) return at;
    }
  }

  #put(at: number, a: number, b: number, c: number, number: number): void {
    this.#table[at] = a;
    this.#table[at + 1] = b;
    this.#table[at + 2] = c;
    this.#table[at + 3] = number;
  }

  #grow(): void {
    const old = this.#table;
    this.#slots *= 2;
    this.#table = new Uint32Array(this.#slots * WORDS);
    for (let at = 0; at < old.length; at += WORDS) {
      const [a = 0, b = 0, c = 0, number = 0] = old.subarray(at, at + WORDS);
      if (number !== 0) this.#put(this.#find(a, b, c), a, b, c, number);
    }
  }
}

/** Hashes a text to three sums over its units, each with another prime, mixed at the end. */
function hashOf(text: string): [number, number, number] {
  let a = 0x9e3779b9;
  let b = 0x85ebca6b;
  let c = 0xc2b2ae35;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    a = Math.imul(a ^ unit, 0x01000193);
    b = Math.imul(b ^ unit, 0x5bd1e995) + (b >>> 15);
    c = Math.imul(c ^ unit, 0x27d4eb2f) ^ (c >>> 13);
  }
  return [mixed(a ^ text.length), mixed(b ^ a), mixed(c ^ b)];
}

/** Finalizer of MurmurHash3: each bit depends on every bit before. */
function mixed(hash: number): number {
  let h = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
