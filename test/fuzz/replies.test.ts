import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import { startSandbox, type Sandbox } from '../../sandbox/index.ts';
import type { Json } from '../../src/contract/json.ts';
import type { TableSpec } from '../../src/contract/pipeline.ts';
import type { TableRef } from '../../src/contract/table.ts';
import { RowmillError } from '../../src/errors.ts';
import { createLimiter } from '../../src/http/limiter.ts';
import { createExtructProvider } from '../../src/providers/extruct/provider.ts';
import type { Provider } from '../../src/providers/provider.ts';
import { closeServers, serve } from '../http/server.ts';
import { fuzzing } from './fuzzing.ts';
import { mutated, mutations, type Mutation } from './mutations.ts';

const TOKEN = 'a-token-that-is-searched-for-91';
const TAG = 'run-1';

const spec: TableSpec = {
  kind: 'company',
  tags: [],
  columns: [
    {
      ...{ kind: 'agent', key: 'sector', name: 'Sector' },
      value: { agent_type: 'research_pro', prompt: 'Which GICS sector is {company_name} in?' },
    },
  ],
};
const rows = ['3M', 'Abbott Laboratories', 'AbbVie'].map((input, at) => ({
  key: `K${at}`,
  input: { input },
}));

const whole = z.number().refine(Number.isFinite);
const count = whole.nullable();
const tableRef = z.object({
  id: z.string(),
  columns: z.array(
    z.object({ id: z.string(), key: z.string(), name: z.string(), input: z.boolean() }),
  ),
});

/** What the port promises of each method, whatever the API answers. */
const METHODS: [string, z.ZodType, (provider: Provider, table: TableRef) => Promise<unknown>][] = [
  ['account', z.object({ credits: count, label: z.string() }), (p) => p.account({})],
  [
    'findTables',
    z.array(z.object({ id: z.string(), createdAt: z.string(), rows: whole })),
    (p) => p.findTables(TAG, {}),
  ],
  ['createTable', tableRef, (p) => p.createTable(spec, 'A table', TAG, {})],
  ['ensureColumns', tableRef, (p, table) => p.ensureColumns(table, spec, {})],
  ['addRows', z.array(z.string()).length(rows.length), (p, table) => p.addRows(table, rows, {})],
  ['rowCount', whole, (p, table) => p.rowCount(table, {})],
  [
    'startRun',
    z.object({ operations: z.array(z.string()), requestedCells: count }),
    (p, table) => p.startRun(table, { mode: 'new', columnIds: idsOf(table) }, {}),
  ],
  [
    'progress',
    z.object({
      ...{ rows: count, running: z.boolean(), cellsFailed: count },
      ...{ cellsTotal: whole, cellsDone: whole, cellsInProgress: whole },
    }),
    (p, table) => p.progress(table, null, {}),
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
            }),
          ),
        }),
      ),
      next: z.string().nullable(),
      total: count,
    }),
    (p, table) => p.page(table, null, {}),
  ],
];

const idsOf = (table: TableRef): string[] => table.columns.map(({ id }) => id);

let sandbox: Sandbox;
let plan: Mutation[] = [];
let provider: Provider;
let table: TableRef;

/** The real client and provider, the sandbox's own replies, and somebody in between. */
beforeAll(async () => {
  let nowMs = 0;
  sandbox = await startSandbox({ token: TOKEN, realMs: () => nowMs });
  const server = await serve((res, { method, url, headers, body }) => {
    void fetch(sandbox.url + url, {
      method,
      headers: { authorization: headers.authorization ?? '', 'content-type': 'application/json' },
      ...(body === '' ? {} : { body }),
    }).then(async (reply) => {
      const text = await reply.text();
      // What the sandbox answers is JSON.
      const json = text === '' ? null : (JSON.parse(text) as Json);
      res.writeHead(reply.status, { 'content-type': 'application/json' });
      res.end(text === '' ? '' : mutated(json, plan));
    });
  });
  const limiter = createLimiter({ ratePerSecond: 100_000 });
  provider = createExtructProvider({ baseUrl: server.url, token: TOKEN, limiter });
  table = await provider.createTable(spec, 'A table', TAG, {});
  await provider.addRows(table, rows, {});
  await provider.startRun(table, { mode: 'new', columnIds: idsOf(table) }, {});
  nowMs = 3_600_000;
});

afterAll(async () => {
  await closeServers();
  await sandbox.close();
});

test.each(METHODS)(
  '%s: whatever comes back is what the port promises, or an error with a code',
  async (_name, promised, call) => {
    plan = [];
    expect(promised.safeParse(await call(provider, table)).error).toBeUndefined();
    await fc.assert(
      fc.asyncProperty(mutations, async (changes) => {
        plan = changes;
        try {
          const value = await call(provider, table);
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
