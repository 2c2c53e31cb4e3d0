import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import { startSandbox, type Sandbox } from '../../sandbox/index.ts';
import type { Json } from '../../src/contract/json.ts';
import type { TableSpec } from '../../src/contract/pipeline.ts';
import type { TableRunRef, TableRef } from '../../src/contract/table.ts';
import { RowmillError } from '../../src/errors.ts';
import type { Provider, RunScope } from '../../src/providers/provider.ts';
import { createProviders } from '../../src/providers/registry.ts';
import { closeServers, serve } from '../http/server.ts';
import { passOn } from '../providers/wire.ts';
import { allEnv, CASES, companies, wantedRows } from '../support/providers/cases.ts';
import type { ProviderCase } from '../support/providers/provider-case.ts';
import { TOKEN } from '../support/token.ts';
import { fuzzing } from './fuzzing.ts';
import { mutated, mutations, type Mutation } from './mutations.ts';

const TAG = 'run-1';
const ROWS = companies(3);

const whole = z.int().nonnegative();
const count = whole.nullable();
const tableRef = z.object({
  id: z.string(),
  columns: z.array(
    z.object({ id: z.string(), key: z.string(), name: z.string(), input: z.boolean() }),
  ),
});
const progress = z.object({
  rows: count,
  running: z.boolean(),
  cellsFailed: count,
  cellsTotal: whole,
  cellsDone: whole,
  cellsInProgress: whole,
});

/** A provider with a table of a few rows that were run. */
interface Stage {
  provider: Provider;
  spec: TableSpec;
  rows: { key: string; input: Record<string, Json> }[];
  table: TableRef;
  tableRun: TableRunRef;
}

const foundTable = z.object({ id: z.string(), createdAt: z.string(), rows: whole.nullable() });

/** Promises of the port for each method, whatever the API answers. */
const METHODS: [string, z.ZodType, (stage: Stage) => Promise<unknown>][] = [
  [
    'account',
    z.object({ credits: z.number().nullable(), label: z.string() }),
    ({ provider }) => provider.account({}),
  ],
  ['findTables', z.array(foundTable), ({ provider }) => provider.findTables(TAG, {})],
  [
    'readTable',
    foundTable.nullable(),
    ({ provider, table }) => provider.readTable(table.id, TAG, {}),
  ],
  ['createTable', tableRef, ({ provider, spec }) => provider.createTable(spec, 'Other', TAG, {})],
  [
    'ensureColumns',
    tableRef,
    ({ provider, spec, table }) => provider.ensureColumns(table, spec, {}),
  ],
  [
    'addRows',
    z.array(z.string()).length(ROWS.length),
    ({ provider, table, rows }) => provider.addRows(table, rows, {}),
  ],
  ['rowCount', whole, ({ provider, table }) => provider.rowCount(table, {})],
  [
    'startTableRun',
    z.object({ operations: z.array(z.string()), requestedCells: count }),
    ({ provider, table }) => provider.startTableRun(table, scopeOf(table), {}),
  ],
  ['progress', progress, ({ provider, table }) => provider.progress(table, null, {})],
  [
    'progress of a run',
    progress,
    ({ provider, table, tableRun }) => provider.progress(table, tableRun, {}),
  ],
  [
    'cancelRun',
    z.object({ cells: count }),
    async ({ provider, table, tableRun }) =>
      provider.cancelQueuedCells === null
        ? { cells: null }
        : await provider.cancelQueuedCells(table, tableRun, {}),
  ],
  [
    'page',
    z.object({
      rows: z.array(
        z.object({
          id: z.string(),
          key: z.string().nullable(),
          cells: z.record(
            z.string(),
            z.object({
              status: z.enum(['pending', 'running', 'done', 'failed', 'unknown']),
              rawStatus: z.string(),
              value: z.unknown(),
              usage: z
                .object({
                  requests: whole,
                  price: z.number(),
                  inputTokens: whole,
                  outputTokens: whole,
                })
                .optional(),
            }),
          ),
        }),
      ),
      next: z.string().nullable(),
      total: count,
    }),
    ({ provider, table }) => provider.page(table, null, {}),
  ],
];

const scopeOf = ({ columns }: TableRef): RunScope => ({
  mode: 'all',
  columnIds: columns.filter(({ input }) => !input).map(({ id }) => id),
  maxCells: 1_000,
});

let sandbox: Sandbox;
let plan: Mutation[] = [];

/** The real client and provider, the sandbox's own replies, and a proxy in between. */
async function stageOf(one: ProviderCase): Promise<Stage> {
  let nowMs = 0;
  sandbox = await startSandbox({
    token: TOKEN,
    failRate: 0,
    realMs: () => (nowMs += 10_000),
    // It asks back about the smallest run.
    promptLayer: { confirmAbove: 0 },
  });
  const server = await serve((res, received) => {
    void passOn(sandbox.url, received).then(async (reply) => {
      const text = await reply.text();
      // What the sandbox answers is JSON.
      const json = text === '' ? null : (JSON.parse(text) as Json);
      res.writeHead(reply.status, { 'content-type': 'application/json' });
      res.end(text === '' ? '' : mutated(json, plan));
    });
  });
  const env = { ...allEnv(server.url), ROWMILL_REQUESTS_PER_SECOND: '1000' };
  const provider = createProviders(env).get(one.name);
  const spec: TableSpec = { tags: [], ...one.tables.one, columns: [...one.tables.one.columns] };
  const made = await provider.createTable(spec, 'A table', TAG, {});
  const table = await provider.ensureColumns(made, spec, {});
  const rows = wantedRows(one, ROWS);
  await provider.addRows(table, rows, {});
  const started = await provider.startTableRun(table, scopeOf(table), {});
  const tableRun = { ...started, before: { cellsTotal: ROWS.length, cellsDone: 0 } };
  return { provider, spec, rows, table, tableRun };
}

describe.each(CASES.map((one) => [one.name, one] as const))('%s', (_provider, one) => {
  let stage: Stage;
  beforeAll(async () => {
    plan = [];
    stage = await stageOf(one);
  });
  afterAll(async () => {
    await closeServers();
    await sandbox.close();
  });

  test.each(METHODS)(
    '%s: a mutated reply is a valid result or an error with a code',
    async (_name, promised, call) => {
      plan = [];
      expect(promised.safeParse(await call(stage)).error).toBeUndefined();
      await fc.assert(
        fc.asyncProperty(mutations, async (changes) => {
          plan = changes;
          try {
            const value = await call(stage);
            expect(promised.safeParse(value).error).toBeUndefined();
            // What cannot be written down would break the next step.
            expect(JSON.stringify(value)).not.toContain(TOKEN);
          } catch (error) {
            if (!(error instanceof RowmillError)) throw error;
            expect(error.code).not.toBe('internal');
            expect(error.message).not.toContain(TOKEN);
          } finally {
            plan = [];
          }
        }),
        fuzzing(120),
      );
    },
  );
});
