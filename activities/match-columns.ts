import { readPipeline } from './run-files/origin.ts';
import type { ColumnConfig, Pipeline } from '../src/contract/pipeline.ts';
import type { ApiCalls } from '../src/contract/run.ts';
import type { TableRef } from '../src/contract/table.ts';
import { RowmillError } from '../src/errors.ts';
import { keyedColumns, type KeyedColumn } from '../src/nights/column-changes.ts';
import { readLastingTable, writeLastingTable } from '../src/nights/lasting-table.ts';
import type { ColumnDifference, Provider } from '../src/providers/provider.ts';
import type { PipelineKey, RunKey } from '../src/store/store.ts';
import { activity, type ActivityAttempt } from './runtime/activity.ts';
import { pauseAfter, retryRead, retrySend, withRetries } from './runtime/retry-read.ts';
import { tolerant, type TroubleInput } from './runtime/trouble.ts';

export interface MatchColumnsInput {
  run: RunKey;
  /** Names what the pipeline keeps between its runs. */
  key: PipelineKey;
  provider: string;
  table: TableRef;
  /** Gives the table the columns of the file. */
  applies: boolean;
  trouble: TroubleInput;
}

export interface MatchedColumns {
  table: TableRef;
  /** Columns whose config another user changed at the provider. */
  drifted: string[];
  calls: ApiCalls;
}

/** Tries to change the columns of a table within one attempt. */
const MAX_ROUNDS = 4;

/**
 * Compares the columns of a lasting table with those that rowmill gave to it, and reports edits at the
 * provider. If the operator asks for it, gives the table the columns of the file: reads, changes what
 * differs, and reads again. A lost reply therefore makes no difference.
 */
export const matchColumns = activity<MatchColumnsInput, MatchedColumns>(
  async (input, attempt, deps) => {
    const provider = deps.providers.get(input.provider);
    const folder = deps.store.run(input.run);
    const { table: spec } = await readPipeline(folder);
    const state = await readLastingTable(deps.store, input.key);
    const given = (state?.columns ?? []).map(({ config }) => config);
    const found = await differences(provider, input, { ...spec, columns: given }, attempt);
    const drifted = found.map(({ key }) => key);
    const unchanged = { table: input.table, drifted, calls: attempt.calls };
    if (!input.applies || state === null) return unchanged;
    const columns = keyedColumns(spec.columns, deps.providers.spec(input.provider).plan(spec));
    const table = await apply(provider, input, spec, columns, attempt);
    await writeLastingTable(deps.store, input.key, { ...state, columns });
    return { ...unchanged, table };
  },
  (input) => tolerant(input, false),
);

/** Returns nothing where configs cannot be read. */
async function differences(
  { compareColumns }: Provider,
  { table }: MatchColumnsInput,
  spec: Pipeline['table'],
  attempt: ActivityAttempt<null>,
): Promise<ColumnDifference[]> {
  if (compareColumns === null) return [];
  return (await retryRead(attempt, () => compareColumns(table, spec, attempt.ctx))).changed;
}

async function apply(
  provider: Provider,
  input: MatchColumnsInput,
  spec: Pipeline['table'],
  columns: readonly KeyedColumn[],
  attempt: ActivityAttempt<null>,
): Promise<TableRef> {
  let { table } = input;
  const planned = new Map(columns.map(({ key, config }) => [key, config]));
  for (let round = 1; ; round += 1) {
    const changed = await differences(provider, { ...input, table }, spec, attempt);
    if (changed.length === 0) return table;
    if (round > MAX_ROUNDS) {
      const what = `columns still differ after they were changed: ${changed.map(({ key }) => key).join(', ')}`;
      throw new RowmillError('inputs_not_kept', what, { where: `table ${table.id}` });
    }
    for (const column of changed) {
      await send(attempt, round, () => change(provider, table, column, planned, attempt));
    }
    table = await provider.ensureColumns({ id: table.id }, spec, withRetries(attempt));
  }
}

/** A column of another kind is deleted, and created again by `ensureColumns`. */
async function change(
  { updateColumn, deleteColumn }: Provider,
  table: TableRef,
  { id, key, replace }: ColumnDifference,
  configs: ReadonlyMap<string, ColumnConfig>,
  attempt: ActivityAttempt<null>,
): Promise<void> {
  const config = configs.get(key);
  if (!replace && updateColumn !== null && config !== undefined) {
    await updateColumn(table, id, config, attempt.ctx);
  } else if (deleteColumn !== null) await deleteColumn(table, id, attempt.ctx);
}

/** Sends a request. The next comparison shows whether one with a lost reply was carried out. */
async function send(
  attempt: ActivityAttempt<null>,
  round: number,
  request: () => Promise<void>,
): Promise<void> {
  try {
    await retrySend(attempt, () => attempt.send(request));
  } catch (error) {
    if (!(error instanceof RowmillError) || !error.ambiguous || round > MAX_ROUNDS) throw error;
    await attempt.sleep(pauseAfter(error, round));
  }
}
