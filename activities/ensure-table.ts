import type { TableSpec } from '../src/contract/pipeline.ts';
import type { ApiCalls, EarlierRun } from '../src/contract/run.ts';
import type { TableRef } from '../src/contract/table.ts';
import { RowmillError } from '../src/errors.ts';
import type { FoundTable, Provider } from '../src/providers/provider.ts';
import type { RunKey } from '../src/store/store.ts';
import type { ActivityDeps } from './deps.ts';
import { tableOf } from './earlier-run.ts';
import { runStep, type Step } from './step.ts';
import { tableTag } from './table-tag.ts';

export interface EnsureTableInput {
  run: RunKey;
  provider: string;
  name: string;
  spec: TableSpec;
  /** Begun before, and broken off: a create may have gone out. */
  again?: boolean;
  /** Go on with the table of this run instead of one of its own. */
  earlier?: EarlierRun | null;
}

export interface EnsuredTable {
  table: TableRef;
  calls: ApiCalls;
}

/** After a create whose fate is unknown, the list may lag: looked up so often, so long apart. */
const LOOK_UPS = 4;
const LOOK_UP_EVERY_MS = 2_000;

/**
 * The run's one table. There are no idempotency keys, so it is looked up by its tag before it is
 * created, and looked up again when a create may have landed twice: the oldest is kept, empty
 * younger ones are deleted.
 */
export const ensureTable =
  (deps: ActivityDeps) =>
  (input: EnsureTableInput): Promise<EnsuredTable> =>
    runStep<null, EnsuredTable>(deps, async (step) => {
      const provider = deps.providers.get(input.provider);
      const { earlier = null } = input;
      const tableId =
        earlier === null
          ? await ownTable(provider, input, step)
          : await tableOf(deps.store, earlier, provider, step);
      const table = await provider.ensureColumns(tableId, input.spec, step.ctx);
      return { table, calls: step.calls };
    });

async function ownTable(
  provider: Provider,
  input: EnsureTableInput,
  step: Step<null>,
): Promise<string> {
  const tag = tableTag(input.run);
  const found = await provider.findTables(tag, step.ctx);
  // An attempt before this one may have died between sending and hearing back.
  const begun = step.attempt > 1 || input.again === true;
  const tables = begun && found.length === 0 ? await lookUp(provider, tag, step) : found;
  const tableId = tables[0]?.id ?? (await create(provider, input, tag, step));
  if (begun || tables.length > 1) await deleteYounger(provider, tag, step);
  return tableId;
}

async function create(
  provider: Provider,
  input: EnsureTableInput,
  tag: string,
  step: Step<null>,
): Promise<string> {
  try {
    return (await provider.createTable(input.spec, input.name, tag, step.ctx)).id;
  } catch (error) {
    if (!(error instanceof RowmillError && error.ambiguous)) throw error;
    const [oldest] = await lookUp(provider, tag, step);
    if (oldest === undefined) throw error;
    await deleteYounger(provider, tag, step);
    return oldest.id;
  }
}

/** Looks until the table shows, or has had its time to. */
async function lookUp(provider: Provider, tag: string, step: Step<null>): Promise<FoundTable[]> {
  for (let look = 0; look < LOOK_UPS; look += 1) {
    await step.settle(LOOK_UP_EVERY_MS);
    const found = await provider.findTables(tag, step.ctx);
    if (found.length > 0) return found;
  }
  return [];
}

async function deleteYounger(provider: Provider, tag: string, step: Step<null>): Promise<void> {
  const [, ...younger] = await provider.findTables(tag, step.ctx);
  for (const table of younger) {
    // Only tables of this very tag, and only empty ones: nothing of anybody's is lost.
    if (table.rows === 0) await provider.deleteTable(table.id, step.ctx);
  }
}
