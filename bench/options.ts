import { parseArgs } from 'node:util';
import { CASES, type BenchCase } from './cases.ts';

export interface BenchOptions {
  /** 1 k and 10 k rows only, fewer simulated passes. */
  quick: boolean;
  /** Only these ratios; empty = all. */
  only: ReadonlySet<string>;
  /** What is measured for each provider is measured for these. */
  cases: readonly BenchCase[];
  /** Where the figures are written as JSON. */
  json: string;
}

/** Every ratio this bench knows; R12 (crashes) has no part yet. */
const RATIOS = [
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
  'R17',
] as const;

/** @throws TypeError for an unknown flag, ratio or provider */
export function benchOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      provider: { type: 'string', default: '' },
      json: { type: 'string', default: 'out/bench.json' },
    },
  });
  const only = wordsIn(values.only.toUpperCase());
  const unknown = only.filter((ratio) => !RATIOS.some((known) => known === ratio));
  if (unknown.length > 0) {
    throw new TypeError(`no ratio ${unknown.join(', ')}; there are ${RATIOS.join(', ')}`);
  }
  const providers = wordsIn(values.provider);
  const known: string[] = CASES.map(({ provider }) => provider);
  const strange = providers.filter((name) => !known.includes(name));
  if (strange.length > 0) {
    throw new TypeError(`no provider ${strange.join(', ')}; there are ${known.join(', ')}`);
  }
  const cases = CASES.filter(
    ({ provider }) => providers.length === 0 || providers.includes(provider),
  );
  return { quick: values.quick, only: new Set(only), cases, json: values.json };
}

const wordsIn = (list: string): string[] =>
  list.split(',').flatMap((word) => (word.trim() === '' ? [] : [word.trim()]));
