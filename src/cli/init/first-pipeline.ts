import { access } from 'node:fs/promises';
import { basename, dirname, extname, join, relative, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { estimateOf } from '../../client/pipelines/estimate.ts';
import { readPipeline } from '../../client/pipelines/read.ts';
import { RowmillError } from '../../errors.ts';
import { extensionHint, ROWS_EXTENSIONS, rowsFormatOf } from '../../paths/formats.ts';
import { packageRoot } from '../../process/package-root.ts';
import type { ProviderSpec, StarterColumn } from '../../providers/catalog.ts';
import type { RowsFormat } from '../../contract/pipeline.ts';
import type { Env } from '../io/context.ts';
import { shellQuote } from '../../text/shell.ts';
import { namesCompanies } from './choose.ts';
import type { List, ListColumn } from './list-columns.ts';
import { pipelineText, type FirstPipeline } from './pipeline-text.ts';

export interface FirstChoices {
  list: List;
  key: ListColumn;
  input: ListColumn;
  columns: readonly StarterColumn[];
  provider: ProviderSpec;
  /** Path of the pipeline file. */
  file: string;
  env: Env;
}

/**
 * Returns the text of a pipeline file over a list, with a ceiling above its estimate.
 * @throws RowmillError `rows_invalid` if no row has both key and input, or most keys are repeated
 */
export async function firstPipeline(choices: FirstChoices): Promise<string> {
  const { list, key, input, columns, provider, file, env } = choices;
  const folder = dirname(resolve(file));
  const unusable = list.unreadable + key.unusable + (list.rows - list.unreadable - input.filled);
  if (unusable >= list.rows) {
    const what = `${unusable} of ${list.rows} rows lack "${key.name}" or "${input.name}", or cannot be read`;
    throw new RowmillError('rows_invalid', what, {
      where: list.path,
      remedy: 'Name other columns with --key and --input, or correct the list.',
    });
  }
  if (key.repeated * 2 > list.rows) {
    throw new RowmillError('rows_invalid', `most rows share their "${key.name}" with another row`, {
      where: list.path,
      remedy: 'Name another column with --key: one with another value in each row.',
    });
  }
  const { table, map } = provider.starter({
    input: input.name,
    companies: namesCompanies(input),
    columns,
  });
  const first: FirstPipeline = {
    name: nameFor(list.path),
    provider: provider.name,
    tokenVariable: provider.tokenVariable,
    schema: await schemaAddress(folder),
    file: shellQuote(file),
    from: relative(folder, resolve(list.path)).split(sep).join('/'),
    table,
    map,
    key: key.name,
    repeatsKeys: key.repeated > 0,
    skipPercent: Math.ceil((100 * unusable) / list.rows),
    rows: list.rows,
    maxCredits: null,
  };
  const { pipeline } = await readPipeline({ text: pipelineText(first), baseDir: folder }, { env });
  const { credits } = estimateOf(pipeline, list.rows, {}, env);
  return pipelineText({ ...first, maxCredits: ceilingAbove(credits) });
}

/** Returns the format of a list. @throws RowmillError `usage` for another extension */
export function listFormat(path: string): RowsFormat {
  const format = rowsFormatOf(path);
  if (format !== null) return format;
  throw new RowmillError('usage', `a list that ends in "${extname(path)}"`, {
    where: path,
    remedy: `${extensionHint(path)}Give a file that ends in ${ROWS_EXTENSIONS.join(', ')}.`,
  });
}

/** Rounds a fifth more up to two digits: reruns of failed cells cost as well. */
function ceilingAbove(credits: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, credits))) - 1);
  return Math.ceil((credits * 1.2) / unit) * unit;
}

/** Derives a pipeline name from the name of the list. */
function nameFor(path: string): string {
  const name = basename(path, extname(path))
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, 50)
    .replace(/-+$/, '');
  return name === '' ? 'list' : name;
}

const SCHEMA = join('schema', 'pipeline.schema.json');

/** Finds the JSON Schema: in the packages installed above the folder, else where rowmill runs. */
async function schemaAddress(folder: string): Promise<string> {
  for (let above = folder; ; above = dirname(above)) {
    const path = join(above, 'node_modules', 'rowmill', SCHEMA);
    try {
      await access(path);
      const way = relative(folder, path).split(sep).map(encodeURIComponent).join('/');
      return way.startsWith('..') ? way : `./${way}`;
    } catch {
      if (dirname(above) === above) return pathToFileURL(join(packageRoot(), SCHEMA)).href;
    }
  }
}
