import { parseArgs } from 'node:util';

export interface ScaleOptions {
  workers: number;
  /** Pipelines of the night; 0: no night. */
  pipelines: number;
  /** Rows of the one large run; 0: none. */
  rows: number;
  /** Limit of the token in the night, requests a second. */
  rate: number;
  /** Limit of the token in the large run, requests a second. */
  rowsRate: number;
  json: string;
}

const PRESETS = {
  workers: '4',
  pipelines: '40',
  rows: '20000',
  rate: '200',
  'rows-rate': '1000',
  json: 'out/scale.json',
} as const;

const USAGE = [
  'npm run scale -- [--workers N] [--pipelines N] [--rows N] [--rate N] [--rows-rate N] [--json FILE]',
  '',
  `--workers    worker processes that share the token (${PRESETS.workers})`,
  `--pipelines  pipelines that are started together; 0: none (${PRESETS.pipelines})`,
  `--rows       rows of one large run; 0: none (${PRESETS.rows})`,
  `--rate       requests a second of the token for the pipelines (${PRESETS.rate})`,
  `--rows-rate  the same for the large run (${PRESETS['rows-rate']})`,
  `--json       where the figures are written (${PRESETS.json})`,
].join('\n');

/** Reads the flags; the text to print for `--help`. @throws TypeError for a wrong flag */
export function scaleOptions(args: readonly string[]): ScaleOptions | string {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean', default: false, short: 'h' },
      workers: { ...text, default: PRESETS.workers },
      pipelines: { ...text, default: PRESETS.pipelines },
      rows: { ...text, default: PRESETS.rows },
      rate: { ...text, default: PRESETS.rate },
      'rows-rate': { ...text, default: PRESETS['rows-rate'] },
      json: { ...text, default: PRESETS.json },
    },
  });
  if (values.help) return USAGE;
  const whole = (name: keyof typeof values, least: number): number => {
    const count = Number(values[name]);
    if (Number.isInteger(count) && count >= least) return count;
    throw new TypeError(`--${name} is not a whole number from ${least} up`);
  };
  return {
    workers: whole('workers', 1),
    pipelines: whole('pipelines', 0),
    rows: whole('rows', 0),
    rate: whole('rate', 1),
    rowsRate: whole('rows-rate', 1),
    json: values.json,
  };
}
