/** Numbers in [0, 1) that follow from a seed (mulberry32): a simulated run can be repeated. */
export type Random = () => number;

export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const between = (random: Random, min: number, max: number): number =>
  min + random() * (max - min);

/** Every factor as likely as any other: as many runs of 100 to 1,000 rows as of 1,000 to 10,000. */
export const logBetween = (random: Random, min: number, max: number): number =>
  Math.exp(between(random, Math.log(min), Math.log(max)));

export function oneOf<T>(random: Random, choices: readonly T[]): T {
  const chosen = choices[Math.floor(random() * choices.length)];
  if (chosen === undefined) throw new RangeError('nothing to choose from');
  return chosen;
}
