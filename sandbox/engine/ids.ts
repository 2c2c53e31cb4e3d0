import { hash32, mix32 } from '../oracle/seeded.ts';

const HALF = 24;
const MASK = 2 ** HALF - 1;
const ROUNDS = [1, 2, 3, 4] as const;

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

/**
 * UUIDs that encode a serial number, so that 100,000 row ids need no index in memory. They look
 * random, so that no client relies on their order.
 */
export class IdSeries {
  readonly #prefix: string;
  readonly #key: number;

  /** @param nonce Distinguishes two sandboxes: an id of one is unknown to the other. */
  constructor(nonce: number, kind: string, owner: number) {
    const key = hash32(nonce, kind, owner);
    const tail = mix32(key ^ nonce);
    this.#key = key;
    this.#prefix =
      `${hex(key, 8)}-${hex(tail >>> 16, 4)}-` +
      `4${hex(tail & 0xfff, 3)}-8${hex((tail >>> 4) & 0xfff, 3)}-`;
  }

  id(serial: number): string {
    let left = Math.floor(serial / 2 ** HALF) & MASK;
    let right = serial & MASK;
    for (const round of ROUNDS) [left, right] = [right, left ^ this.#scramble(right, round)];
    return this.#prefix + hex(left, 6) + hex(right, 6);
  }

  /** `null` for an id that is not of this series; the serial may still be one never given out. */
  serial(id: string): number | null {
    const text = id.toLowerCase();
    if (!text.startsWith(this.#prefix)) return null;
    const digits = text.slice(this.#prefix.length);
    if (!/^[0-9a-f]{12}$/.test(digits)) return null;
    let left = Number.parseInt(digits.slice(0, 6), 16);
    let right = Number.parseInt(digits.slice(6), 16);
    for (const round of ROUNDS.toReversed()) {
      [left, right] = [right ^ this.#scramble(left, round), left];
    }
    return left * 2 ** HALF + right;
  }

  #scramble(half: number, round: number): number {
    return mix32(half ^ (this.#key * round)) & MASK;
  }
}
