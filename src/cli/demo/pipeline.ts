import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { parse } from 'yaml';
import { CEILING_VARIABLES } from '../../client/pipelines/spend-ceiling.ts';
import { packageRoot } from '../../process/package-root.ts';
import { RowmillError } from '../../errors.ts';
import type { ProviderSpec } from '../../providers/catalog.ts';
import type { PipelineDocument } from '../../spec/index.ts';
import type { Env } from '../io/context.ts';
import { numberFlag } from '../io/number-flag.ts';

/** The pipeline file that the demo of a provider runs, as it is in the package. */
export const demoFile = ({ example }: ProviderSpec): string =>
  join(packageRoot(), 'examples', example);

/** The demo has its own store and queue, whatever the shell is set up for. */
export const demoEnv = (env: Env): Env => ({
  ...env,
  ROWMILL_STORE: undefined,
  ROWMILL_TASK_QUEUE: undefined,
  // Play money.
  ...Object.fromEntries(Object.values(CEILING_VARIABLES).map((name) => [name, undefined])),
});

/** The sandbox is fast, and people are watching. */
const MIN_POLL = '300ms';

/**
 * The example of the package, with results below `folder`: the package itself may be read-only.
 * @throws RowmillError `usage` when the list does not have so many rows
 */
export async function demoPipeline(
  provider: ProviderSpec,
  folder: string,
  rows: string | undefined,
): Promise<PipelineDocument> {
  const file = demoFile(provider);
  // A file of the package, which its tests check.
  const document = parse(await readFile(file, 'utf8')) as PipelineDocument;
  const { from } = document.rows;
  if (typeof from !== 'string') throw new RowmillError('internal', 'the demo reads a file');
  const path = resolve(dirname(file), from);
  return {
    ...document,
    run: { ...document.run, minPollInterval: MIN_POLL },
    rows: {
      ...document.rows,
      from: rows === undefined ? path : await firstRows(path, rows, resolve(folder)),
    },
    results: document.results.map((target) => ({
      ...target,
      to: join(resolve(folder, 'out'), basename(target.to)),
    })),
  };
}

/** A list of our own making: one line is one row. */
async function firstRows(list: string, wanted: string, folder: string): Promise<string> {
  const [header = '', ...lines] = (await readFile(list, 'utf8')).trim().split('\n');
  const count = numberFlag('--rows', wanted, { min: 1, max: lines.length, whole: true });
  const path = join(folder, `companies-${count}.csv`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(path, `${[header, ...lines.slice(0, count)].join('\n')}\n`, { mode: 0o600 });
  return path;
}
