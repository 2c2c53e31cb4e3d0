import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { Pipeline } from '../contract/pipeline.ts';
import { packageRoot } from '../dev/temporal/package-root.ts';
import { RowmillError } from '../errors.ts';
import type { ProviderSpec } from '../providers/spec.ts';
import { loadPipeline } from '../spec/index.ts';
import { numberFlag } from './number-flag.ts';

/** The pipeline file that the demo of a provider runs, as it is in the package. */
export const demoFile = ({ example }: ProviderSpec): string =>
  join(packageRoot(), 'examples', example);

/** The sandbox is fast, and people are watching. */
const POLL_AT_LEAST_MS = 300;

/**
 * The example of the package, with results below `folder`: the package itself may be read-only.
 * @throws RowmillError `usage` when the list does not have so many rows
 */
export async function demoPipeline(
  provider: ProviderSpec,
  folder: string,
  rows: string | undefined,
): Promise<Pipeline> {
  const { pipeline } = await loadPipeline(demoFile(provider));
  const out = resolve(folder, 'out');
  return {
    ...pipeline,
    run: { ...pipeline.run, pollAtLeastMs: POLL_AT_LEAST_MS },
    ...(rows === undefined ? {} : { rows: await firstRows(pipeline, rows, resolve(folder)) }),
    results: pipeline.results.map((target) => ({ ...target, to: join(out, basename(target.to)) })),
  };
}

/** A list of our own making: one line is one row. */
async function firstRows(
  { rows }: Pipeline,
  wanted: string,
  folder: string,
): Promise<Pipeline['rows']> {
  if (rows.source.type !== 'file') throw new RowmillError('internal', 'the demo reads a file');
  const [header = '', ...lines] = (await readFile(rows.source.path, 'utf8')).trim().split('\n');
  const count = numberFlag('--rows', wanted, { least: 1, most: lines.length, whole: true });
  const path = join(folder, `companies-${count}.csv`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(path, `${[header, ...lines.slice(0, count)].join('\n')}\n`, { mode: 0o600 });
  return { ...rows, source: { ...rows.source, path } };
}
