import { afterEach, expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import type { Action, SandboxOptions, Seen } from '../../sandbox/index.ts';
import { errorOfRun } from '../../src/client/runs/lookup/errors.ts';
import type { RowmillError } from '../../src/errors.ts';
import type { RunSummary } from '../../src/contract/run.ts';
import { pipelineInputFor, startTestEnv, executeRun, type TestEnv } from '../support/test-env.ts';
import { expectInvariants } from '../support/invariants/index.ts';
import { CASES, companies, wantedRows } from '../support/providers/cases.ts';
import type { ProviderCase } from '../support/providers/provider-case.ts';

let testEnv: TestEnv;
afterEach(() => testEnv.close());

const open = async (sandbox: Partial<SandboxOptions>): Promise<void> => {
  testEnv = await startTestEnv({ sandbox: { failRate: 0, alwaysFailsRate: 0, ...sandbox } });
};

const refusal = (why: string): Action => ({
  do: 'reply',
  status: 422,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ detail: why, message: why }),
});

const isAdd = ({ phase, method, route }: Seen): boolean =>
  phase === 'before' && method === 'POST' && route.endsWith('/rows');

/** Rows of a request, in either API's shape. */
function rowsIn({ body }: Seen): unknown[] {
  const { rows, values } = body as { rows?: unknown[]; values?: unknown[] };
  return rows ?? values ?? [];
}

async function ends(provider: ProviderCase, rows: ReturnType<typeof companies>) {
  const workflowId = `refused-${testEnv.taskQueue}`;
  const input = await pipelineInputFor(testEnv, rows, { table: provider.tables.one }, provider);
  return { workflowId, input, ended: await executeRun(testEnv, workflowId, input) };
}

async function failure(provider: ProviderCase, rows: ReturnType<typeof companies>) {
  const workflowId = `refused-${testEnv.taskQueue}`;
  const input = await pipelineInputFor(testEnv, rows, { table: provider.tables.one }, provider);
  return executeRun(testEnv, workflowId, input).then(
    (ended: RunSummary): RowmillError => {
      throw new Error(`it ended as ${ended.outcome}`);
    },
    (reason: unknown) => errorOfRun(reason, workflowId),
  );
}

const paid = (): number => testEnv.sandbox.ledger.summary().cellsPaid;

const named = CASES.map((provider) => ({ provider, name: provider.name }));

test.each(named)(
  '$name: rows that the API refuses are quarantined with the reason',
  async ({ provider }) => {
    const bad = ['Company 7', 'Company 101'];
    await open({
      intercept: (seen) =>
        isAdd(seen) &&
        rowsIn(seen).some((row) => bad.some((one) => JSON.stringify(row).includes(`"${one}"`)))
          ? refusal('this name is not allowed')
          : undefined,
    });
    const rows = companies(130);
    const { ended } = await ends(provider, rows);
    expect(ended).toMatchObject({
      outcome: 'partial',
      rows: 130,
      cells: { done: 128, blocked: 2, failed: 0, pending: 0 },
    });
    expect(paid()).toBe(128);
    const quarantine = (await readFile(ended.quarantine?.path ?? '', 'utf8')).trim().split('\n');
    const lines = quarantine.map((line) => JSON.parse(line) as { key: string; reason: string });
    expect(lines.map(({ key }) => key)).toEqual(['S7', 'S101']);
    for (const line of lines) {
      expect(line).toMatchObject({ status: 'blocked', attempts: 0 });
      expect(line.reason).toContain('this name is not allowed');
    }
    const results = (await readFile(ended.results[0]?.path ?? '', 'utf8')).trim().split('\n');
    expect(results.map((line) => (JSON.parse(line) as { key: string }).key)).toEqual(
      rows.map(({ Symbol }) => Symbol),
    );
  },
);

test.each(named)(
  '$name: fewer rows in a request than were sent are taken',
  async ({ provider }) => {
    let refused = 0;
    await open({
      intercept: (seen) => {
        if (!isAdd(seen) || rowsIn(seen).length <= 30) return undefined;
        refused += 1;
        return refusal('at most 30 rows');
      },
    });
    const rows = companies(130);
    const { workflowId, input, ended } = await ends(provider, rows);
    const wanted = wantedRows(provider, rows);
    await expectInvariants(testEnv, { workflowId, pipeline: input.pipeline, wanted, ended });
    // The size is kept once it is found.
    expect(refused).toBeLessThanOrEqual(3);
  },
);

test.each(named)(
  '$name: a table that takes no more rows ends the run before anything is paid, after few requests',
  async ({ provider }) => {
    let taken = 0;
    let requests = 0;
    await open({
      intercept: (seen) => {
        if (!isAdd(seen)) return undefined;
        requests += 1;
        if (taken + rowsIn(seen).length > 60) return refusal('the row limit is reached');
        taken += rowsIn(seen).length;
        return undefined;
      },
    });
    const error = await failure(provider, companies(400));
    expect(error).toMatchObject({ code: 'rows_refused' });
    expect(error.message).toContain('60 are in the table');
    expect(error.message).toContain('the row limit is reached');
    expect(requests).toBeLessThan(60);
    expect(paid()).toBe(0);
  },
);

test.each(named)(
  '$name: a list of which every row is refused ends the run',
  async ({ provider }) => {
    await open({ intercept: (seen) => (isAdd(seen) ? refusal('no such column') : undefined) });
    const error = await failure(provider, companies(2));
    expect(error).toMatchObject({ code: 'rows_refused' });
    expect(error.message).toContain('no such column');
  },
);

test.each(named)(
  '$name: rows that come back without their keys end the run before anything is paid',
  async ({ provider }) => {
    await open({ faults: { requests: [{ on: 'read-rows', fault: 'unmarked' }] } });
    const error = await failure(provider, companies(20));
    expect(error).toMatchObject({ code: 'keys_missing' });
    expect(paid()).toBe(0);
  },
);

test.each(named)(
  '$name: so do rows that are read back because a reply was lost: they are not sent again',
  async ({ provider }) => {
    await open({
      faults: {
        requests: [
          { on: 'read-rows', fault: 'unmarked', while: { rows: { atLeast: 2 } } },
          { on: 'add-rows', nth: 2, fault: 'reset', phase: 'after' },
          { on: 'read-status', fault: 'status-lag', ms: 60_000, counts: 'all' },
        ],
      },
    });
    const error = await failure(provider, companies(130));
    expect(error).toMatchObject({ code: 'keys_missing' });
    expect(testEnv.sandbox.ledger.summary().rowsLive).toBeLessThanOrEqual(131);
    expect(paid()).toBe(0);
  },
);

test.each(named)('$name: one page without keys is read again', async ({ provider }) => {
  await open({ faults: { requests: [{ on: 'read-rows', fault: 'unmarked', from: 2, to: 3 }] } });
  const { ended } = await ends(provider, companies(20));
  expect(ended).toMatchObject({ outcome: 'completed', cells: { done: 20 } });
  expect(paid()).toBe(20);
});
