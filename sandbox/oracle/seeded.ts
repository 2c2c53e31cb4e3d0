/** A part of what a value is derived from; the same parts give the same value for ever. */
export type Part = string | number;

// Once instead of for every character: a look-up on a global is slow inside a vm context.
const { imul } = Math;

const PRIME = 0x01000193;

/** 32 bits out of the parts: FNV-1a with a closing mix, so that near inputs fall far apart. */
export function hash32(...parts: Part[]): number {
  let hash = 0x811c9dc5;
  for (const part of parts) {
    const text = typeof part === 'string' ? part : String(part);
    for (let at = 0; at < text.length; at += 1) {
      hash = imul(hash ^ text.charCodeAt(at), PRIME);
    }
    // Keeps ('ab', 'c') and ('a', 'bc') apart.
    hash = imul(hash ^ 0x1f, PRIME);
  }
  return mix32(hash);
}

/** Murmur's finaliser. */
export function mix32(value: number): number {
  let hash = value ^ (value >>> 16);
  hash = imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = imul(hash, 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Returns a pseudo-random number in [0, 1). */
export const share = (...parts: Part[]): number => hash32(...parts) / 2 ** 32;

/** Whole number from `min` to `max`, both included. */
export const between = (min: number, max: number, ...parts: Part[]): number =>
  min + Math.floor(share(...parts) * (max - min + 1));

/** Picks one of the choices, which must not be empty. */
export function choose<T>(choices: readonly [T, ...T[]], ...parts: Part[]): T {
  return choices[hash32(...parts) % choices.length] ?? choices[0];
}
