import { parseArgs } from 'node:util';
import { CASES, type BenchCase } from './cases.ts';

export interface BenchOptions {
  /** 1 k and 10 k rows only, fewer simulated passes. */
  quick: boolean;
  /** Compares with other ways of doing the job instead of measuring ratios. */
  peers: boolean;
  /** Ratios to measure; empty = all. */
  only: ReadonlySet<string>;
  /** Providers to measure. */
  cases: readonly BenchCase[];
  /** File for the figures as JSON. */
  json: string;
}

/** Every ratio of the bench, with what it measures; R12 (crashes) has no part yet. */
const RATIOS: Readonly<Record<string, string>> = {
  R1: 'API calls ÷ least possible',
  R2: 'polls of a pass',
  R3: 'idle noticed late',
  R4: "wall clock ÷ the cells' own time",
  R5: 'history events of a run with reruns',
  R6: 'size of the history',
  R7: 'memory of the worker',
  R8: 'rows exported a second',
  R13: 'cells asked for that were not due',
  R14: 'start of worker and commands',
  R15: 'runs that wait on one worker',
  R16: 'many pipelines at once',
  R17: 'runs in storms',
  R18: 'CPU of runs that wait, and of following one',
  R19: 'wall clock by default ÷ a bare loop',
  R20: 'credits of 30 nights',
  R21: 'start of a run beside waiting ones',
  R22: 'rows a second and memory of the sinks',
  R23: 'start and end of a short run',
};

const CASE_NAMES: readonly string[] = CASES.map(({ provider }) => provider);

const USAGE = [
  'npm run bench -- [--quick] [--only R1,R2] [--provider NAME] [--json FILE]',
  'npm run bench -- --peers [--json FILE]',
  '',
  '--quick     1 k and 10 k rows only, fewer simulated passes',
  '--only      only these ratios, separated by commas',
  `--provider  only these providers: ${CASE_NAMES.join(', ')}`,
  '--peers     a bare loop, a plain Temporal workflow and rowmill at the same job',
  '--json      where the figures are written (out/bench.json)',
  '',
  ...Object.entries(RATIOS).map(([name, what]) => `${name.padEnd(5)}${what}`),
].join('\n');

/**
 * Reads the flags; the text to print instead of a measurement, for `--help`.
 * @throws TypeError for an unknown flag, ratio or provider
 */
export function benchOptions(args: readonly string[]): BenchOptions | string {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean', default: false, short: 'h' },
      quick: { type: 'boolean', default: false },
      peers: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      provider: { type: 'string', default: '' },
      json: { type: 'string', default: 'out/bench.json' },
    },
  });
  if (values.help) return USAGE;
  const only = wordsIn(values.only.toUpperCase());
  refuseUnknown('ratio', only, Object.keys(RATIOS));
  const providers = wordsIn(values.provider);
  refuseUnknown('provider', providers, CASE_NAMES);
  const cases = CASES.filter(
    ({ provider }) => providers.length === 0 || providers.includes(provider),
  );
  const { quick, peers, json } = values;
  return { quick, peers, only: new Set(only), cases, json };
}

const wordsIn = (list: string): string[] =>
  list.split(',').flatMap((word) => (word.trim() === '' ? [] : [word.trim()]));

function refuseUnknown(what: string, words: readonly string[], known: readonly string[]): void {
  const unknown = words.filter((word) => !known.includes(word));
  if (unknown.length === 0) return;
  throw new TypeError(`no ${what} ${unknown.join(', ')}; there are ${known.join(', ')}`);
}
