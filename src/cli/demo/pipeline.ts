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

/** Returns the example pipeline of a provider in the package. */
export const demoFile = ({ example }: ProviderSpec): string =>
  join(packageRoot(), 'examples', example);

/** Returns the environment of a demo, with its own store and queue. */
export const demoEnv = (env: Env): Env => ({
  ...env,
  ROWMILL_STORE: undefined,
  ROWMILL_TASK_QUEUE: undefined,
  // Sandbox credits are not real, so no ceiling applies.
  ...Object.fromEntries(Object.values(CEILING_VARIABLES).map((name) => [name, undefined])),
});

/** Short, because the sandbox is fast and an operator is watching. */
const MIN_POLL = '300ms';

/**
 * Reads the example of the package, with results below `folder`: the package may be read-only.
 * @throws RowmillError `usage` if the list has fewer rows
 */
export async function demoPipeline(
  provider: ProviderSpec,
  folder: string,
  rows: string | undefined,
): Promise<PipelineDocument> {
  const file = demoFile(provider);
  // Safe cast: the package's tests check its file.
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
      to: join(resolve(folder, 'out'), basename(target.to ?? 'results.jsonl')),
    })),
  };
}

/** Copies the first rows: in the package's list, one line is one row. */
async function firstRows(list: string, wanted: string, folder: string): Promise<string> {
  const [header = '', ...lines] = (await readFile(list, 'utf8')).trim().split('\n');
  const count = numberFlag('--rows', wanted, { min: 1, max: lines.length, whole: true });
  const path = join(folder, `companies-${count}.csv`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(path, `${[header, ...lines.slice(0, count)].join('\n')}\n`, { mode: 0o600 });
  return path;
}
