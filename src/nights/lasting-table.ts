import { z } from 'zod';
import type { Pipeline } from '../contract/pipeline.ts';
import { RowmillError } from '../errors.ts';
import type { KeyedColumn } from './column-changes.ts';
import type { PipelineKey, RunKey, Store } from '../store/store.ts';

/** State that a pipeline with `table.keep` keeps between its runs. */
export interface LastingTable {
  provider: string;
  /** Kind of the table, where the provider has kinds. */
  kind: string | null;
  /** Source column that identifies a row. */
  keyColumn: string;
  /** Path of the file that the rows of the last run came from; `null`: no file, or not known. */
  source: string | null;
  /** Run that makes or made the table, which carries its tag. */
  origin: RunKey;
  /** Table at the provider; `null`: it was not made so far. */
  table: { id: string; url: string | null } | null;
  /** Columns that rowmill gave to the table, as in the pipeline file of that time. */
  columns: KeyedColumn[];
  /** Run that opened the table last: its rows are those that the table should have. */
  last: NightKey;
  /** Run whose results were published last; `null`: none was. */
  published: (NightKey & { at: string }) | null;
}

/** A run, and the ISO time when it opened the table. */
export interface NightKey extends RunKey {
  openedAt: string;
}

export const LASTING_TABLE_FILE = 'lasting-table.json';

const night = z.object({ workflowId: z.string(), firstRunId: z.string(), openedAt: z.string() });
const column = z.object({
  key: z.string(),
  input: z.boolean(),
  config: z.record(z.string(), z.json()),
});

const state = z.object({
  provider: z.string(),
  kind: z.string().nullable(),
  keyColumn: z.string(),
  source: z.string().nullable(),
  origin: z.object({ workflowId: z.string(), firstRunId: z.string() }),
  table: z.object({ id: z.string(), url: z.string().nullable() }).nullable(),
  columns: z.array(column),
  last: night,
  published: night.extend({ at: z.string() }).nullable(),
});

/**
 * Reads the state of a pipeline's lasting table; `null`: there is none.
 * @throws RowmillError `store_unreadable` for a file of another shape
 */
export async function readLastingTable(
  store: Store,
  key: PipelineKey,
): Promise<LastingTable | null> {
  const folder = store.pipeline(key);
  if (!(await folder.exists(LASTING_TABLE_FILE))) return null;
  const found = await folder.readJson(LASTING_TABLE_FILE);
  return parseLastingTable(found, folder.locate(LASTING_TABLE_FILE));
}

/** Checks the content of a state file. @throws RowmillError `store_unreadable` */
export function parseLastingTable(found: unknown, where: string): LastingTable {
  const parsed = state.safeParse(found);
  if (parsed.success) return parsed.data;
  throw new RowmillError('store_unreadable', 'the file is not the state of a lasting table', {
    where,
  });
}

/** Writes the state. Only the run with the table's lease may. */
export const writeLastingTable = (
  store: Store,
  key: PipelineKey,
  table: LastingTable,
): Promise<void> => store.pipeline(key).writeJson(LASTING_TABLE_FILE, table);

/** Forgets the table: the next run makes a new one. */
export const removeLastingTable = (store: Store, key: PipelineKey): Promise<void> =>
  store.pipeline(key).remove(LASTING_TABLE_FILE);

/**
 * Refuses a pipeline whose lasting table was made for another one.
 * @throws RowmillError `table_differs`
 */
export function refuseOtherTable(
  { provider, table: { kind }, rows: { key }, name }: Pipeline,
  was: LastingTable,
): void {
  const differences = [
    differenceOf('provider', was.provider, provider),
    differenceOf('table.kind', was.kind, kind ?? null),
    differenceOf('rows.key', was.keyColumn, key),
  ].filter((difference) => difference !== null);
  if (differences.length === 0) return;
  throw new RowmillError('table_differs', differences.join('; '), {
    where: `pipeline ${name}, table ${was.table?.id ?? 'that is being made'}`,
  });
}

/** Rows of a source, compared with those of the lasting table. */
export interface ComparedRows {
  /** Rows of the source. */
  rows: number;
  rowsNew: number;
  rowsVanished: number;
}

/** Checks whether a source has rows, and none of those that the lasting table has. */
export const hasOtherRows = ({ rows, rowsNew, rowsVanished }: ComparedRows): boolean =>
  rowsVanished > 0 && rowsNew >= rows;

/** Returns the path of the file that the rows come from; `null`: no file. */
export const sourceFile = ({ rows: { source } }: Pick<Pipeline, 'rows'>): string | null =>
  source.type === 'file' ? source.path : null;

/**
 * Refuses rows of another file, none of which the lasting table has: another pipeline has the same
 * name.
 * @throws RowmillError `table_differs`
 */
export function refuseOtherSource(
  pipeline: Pick<Pipeline, 'name' | 'rows'>,
  was: Pick<LastingTable, 'source' | 'table'>,
  rows: ComparedRows,
): void {
  const source = sourceFile(pipeline);
  if (source === null || was.source === null || source === was.source) return;
  if (!hasOtherRows(rows)) return;
  const what = `its rows came from ${was.source}, and come from ${source}, which has none of them`;
  throw new RowmillError('table_differs', what, {
    where: `pipeline ${pipeline.name}, table ${was.table?.id ?? 'that is being made'}`,
    remedy:
      'Give one of the two pipelines another name. If the list was replaced on purpose: rowmill apply FILE.',
  });
}

const differenceOf = (field: string, was: string | null, is: string | null): string | null =>
  was === is ? null : `${field} was ${was ?? 'not set'}, and is ${is ?? 'not set'}`;
