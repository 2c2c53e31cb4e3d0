import { parseArgs } from 'node:util';

export interface BenchOptions {
  /** 1 k and 10 k rows only, fewer simulated passes. */
  quick: boolean;
  /** Only these ratios; empty = all. */
  only: ReadonlySet<string>;
  /** Where the figures are written as JSON. */
  json: string;
}

/** Every ratio this bench knows; R12 (crashes) has no part yet. */
export const RATIOS = [
  'R1',
  'R2',
  'R3',
  'R4',
  'R5',
  'R6',
  'R7',
  'R8',
  'R14',
  'R15',
  'R16',
] as const;

/** @throws TypeError for an unknown flag or ratio */
export function benchOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      json: { type: 'string', default: 'out/bench.json' },
    },
  });
  const only = values.only.split(',').flatMap((name) => {
    const ratio = name.trim().toUpperCase();
    return ratio === '' ? [] : [ratio];
  });
  const unknown = only.filter((ratio) => !RATIOS.some((known) => known === ratio));
  if (unknown.length > 0) {
    throw new TypeError(`no ratio ${unknown.join(', ')}; there are ${RATIOS.join(', ')}`);
  }
  return { quick: values.quick, only: new Set(only), json: values.json };
}
