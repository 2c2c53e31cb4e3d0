import type { TableSpec } from '../src/contract/pipeline.ts';
import type { ApiCalls, EarlierRun } from '../src/contract/run.ts';
import type { TableRef } from '../src/contract/table.ts';
import { RowmillError } from '../src/errors.ts';
import type { BareTable, FoundTable, Provider } from '../src/providers/provider.ts';
import type { RunKey } from '../src/store/store.ts';
import type { ActivityDeps } from './deps.ts';
import { tableOf } from './earlier-run.ts';
import { LANDS_WITHIN_MS } from './landing.ts';
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
  /** A create went out whose reply nobody heard: it may still land, and make a second table. */
  contested: boolean;
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
      const made =
        earlier === null
          ? await ownTable(provider, input, step)
          : { id: await tableOf(deps.store, earlier, provider, step) };
      const table = await provider.ensureColumns(made, input.spec, step.ctx);
      return { table, contested: made.contested ?? false, calls: step.calls };
    });

/** A table that was found, or has just been made. */
type Candidate = BareTable & { contested?: boolean };

async function ownTable(
  provider: Provider,
  input: EnsureTableInput,
  step: Step<null>,
): Promise<Candidate> {
  const tag = tableTag(input.run);
  const found = await provider.findTables(tag, step.ctx);
  const begun = step.begun || input.again === true;
  const tables: Candidate[] =
    begun && found.length === 0 ? await lookUp(provider, tag, step) : found;
  const made = tables[0] ?? (await create(provider, input, tag, step));
  const contested = begun || tables.length > 1 || made.contested === true;
  if (contested) {
    await step.settle(LANDS_WITHIN_MS);
    await deleteYounger(provider, tag, step);
  }
  return contested ? { id: made.id, contested } : made;
}

async function create(
  provider: Provider,
  input: EnsureTableInput,
  tag: string,
  step: Step<null>,
): Promise<Candidate> {
  try {
    const { id } = await step.send(() =>
      provider.createTable(input.spec, input.name, tag, step.ctx),
    );
    return { id, untouched: true };
  } catch (error) {
    if (!(error instanceof RowmillError && error.ambiguous)) throw error;
    const [oldest] = await lookUp(provider, tag, step);
    if (oldest === undefined) throw error;
    return { id: oldest.id, contested: true };
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

/** Of the tables of one tag the oldest is the run's; younger ones go, as far as they are empty. */
export async function deleteYounger(
  provider: Provider,
  tag: string,
  step: Step<null>,
): Promise<void> {
  const [, ...younger] = await provider.findTables(tag, step.ctx);
  for (const table of younger) {
    // Only tables of this very tag, and only empty ones: nothing of anybody's is lost.
    if (table.rows === 0) await provider.deleteTable(table.id, step.ctx);
  }
}
