/** Digest of a text as two 32-bit numbers. */
export type Digest = readonly [high: number, low: number];

const FIRST_CAPACITY = 1_024;
const MAX_LOAD = 0.6;

/**
 * Index from the digest of a key to the digest of its inputs and a place, such as an offset in a
 * file. About 50 bytes an entry, whatever the length of keys and inputs.
 */
export class DigestIndex {
  #size = 0;
  #keys = new Uint32Array(2 * FIRST_CAPACITY);
  #values = new Uint32Array(2 * FIRST_CAPACITY);
  /** `NaN`: free. */
  #places = new Float64Array(FIRST_CAPACITY).fill(Number.NaN);
  #marks = new Uint8Array(FIRST_CAPACITY);

  get size(): number {
    return this.#size;
  }

  /** Adds a key, or replaces what is known of it. Returns its slot, valid until the next `set`. */
  set(key: Digest, value: Digest, place: number): number {
    if (this.#size + 1 > this.#places.length * MAX_LOAD) this.#grow();
    const slot = this.#slotOf(key);
    if (Number.isNaN(this.#places[slot])) this.#size += 1;
    this.#keys.set(key, 2 * slot);
    this.#values.set(value, 2 * slot);
    this.#places[slot] = place;
    return slot;
  }

  /** Returns the slot of a key; `null` without it. */
  find(key: Digest): number | null {
    const slot = this.#slotOf(key);
    return Number.isNaN(this.#places[slot]) ? null : slot;
  }

  hasValue(slot: number, [high, low]: Digest): boolean {
    return this.#values[2 * slot] === high && this.#values[2 * slot + 1] === low;
  }

  placeOf(slot: number): number {
    return this.#places[slot] ?? Number.NaN;
  }

  mark(slot: number): void {
    this.#marks[slot] = 1;
  }

  isMarked(slot: number): boolean {
    return this.#marks[slot] === 1;
  }

  /** Returns the slot of the key, or the free slot where it belongs. */
  #slotOf([high, low]: Digest): number {
    const mask = this.#places.length - 1;
    for (let slot = (high ^ low) & mask; ; slot = (slot + 1) & mask) {
      if (Number.isNaN(this.#places[slot])) return slot;
      if (this.#keys[2 * slot] === high && this.#keys[2 * slot + 1] === low) return slot;
    }
  }

  #grow(): void {
    const [keys, values, places, marks] = [this.#keys, this.#values, this.#places, this.#marks];
    const capacity = places.length * 2;
    this.#keys = new Uint32Array(2 * capacity);
    this.#values = new Uint32Array(2 * capacity);
    this.#places = new Float64Array(capacity).fill(Number.NaN);
    this.#marks = new Uint8Array(capacity);
    for (const [slot, place] of places.entries()) {
      if (Number.isNaN(place)) continue;
      const pair = (of: Uint32Array): Digest => [of[2 * slot] ?? 0, of[2 * slot + 1] ?? 0];
      const to = this.#slotOf(pair(keys));
      this.#keys.set(pair(keys), 2 * to);
      this.#values.set(pair(values), 2 * to);
      this.#places[to] = place;
      this.#marks[to] = marks[slot] ?? 0;
    }
  }
}
