import { afterEach, expect, test } from '@jest/globals';
import type { Outgoing, SandboxOptions, Seen } from '../../sandbox/index.ts';
import {
  pipelineInputFor,
  startTestEnv,
  TOKEN,
  executeRun,
  type TestEnv,
} from '../support/test-env.ts';
import { expectInvariants } from '../support/invariants/index.ts';
import { CASES, companies, wantedRows } from '../support/providers/cases.ts';

const ROWS = companies(20);

let testEnv: TestEnv;
afterEach(() => testEnv.close());

const open = async (sandbox: Partial<SandboxOptions>): Promise<void> => {
  testEnv = await startTestEnv({ sandbox: { failRate: 0, alwaysFailsRate: 0, ...sandbox } });
};

const TABLES = ['/v1/tables', '/api/public/v2/tables'];
const isList = ({ method, route }: Seen): boolean => method === 'GET' && TABLES.includes(route);
const isCreate = ({ method, route }: Seen): boolean => method === 'POST' && TABLES.includes(route);

/** The reply to a list of tables, with only some of them. */
function listOf(reply: Outgoing, keep: (table: object, at: number) => boolean): Outgoing {
  // Either API's shape of a list.
  const body = JSON.parse(reply.body) as object[] | { data: object[] };
  const kept = Array.isArray(body) ? body.filter(keep) : { ...body, data: body.data.filter(keep) };
  return { ...reply, body: JSON.stringify(kept) };
}

const cases = CASES.flatMap((provider) =>
  ['heard', 'lost'].map((second) => ({ provider, name: provider.name, second })),
);

test.each(cases)(
  '$name: a run keeps one table when its first create is lost and the second is $second',
  async ({ provider, second }) => {
    let creates = 0;
    let looks = 0;
    await open({
      intercept: (seen) => {
        if (isCreate(seen) && seen.phase === 'after') {
          creates += 1;
          return creates === 1 || (creates === 2 && second === 'lost')
            ? { do: 'reset' }
            : undefined;
        }
        if (!isList(seen) || seen.phase !== 'after' || seen.reply === null) return undefined;
        // The first one shows after the second, which shows first.
        if (creates >= 2) looks += 1;
        if (looks > (second === 'heard' ? 0 : 1)) return undefined;
        return { do: 'reply', ...listOf(seen.reply, (_, at) => at > 0) };
      },
    });
    const workflowId = `find-table-${testEnv.taskQueue}`;
    const input = await pipelineInputFor(testEnv, ROWS, {}, provider);
    const ended = await executeRun(testEnv, workflowId, input);
    expect(ended).toMatchObject({ outcome: 'completed', cells: { done: 20 } });
    expect(creates).toBe(2);
    const wanted = wantedRows(provider, ROWS);
    await expectInvariants(testEnv, { workflowId, pipeline: input.pipeline, wanted, ended });
  },
);

test('tables without the tag of the run are not touched', async () => {
  await open({
    intercept: (seen) => {
      if (!isList(seen) || seen.phase !== 'after' || seen.reply === null) return undefined;
      // The filter is not applied, and no tags are shown.
      const all = [...testEnv.sandbox.state.tables.values()].map(({ id, live, createdAtMs }) => ({
        id,
        num_rows: live.length,
        tags: null,
        created_at: new Date(createdAtMs).toISOString(),
      }));
      return { do: 'reply', ...seen.reply, body: JSON.stringify(all) };
    },
    // The run looks for more than one table of its own, and deletes what is too much.
    faults: { requests: [{ on: 'create-table', nth: 3, fault: 'reset', phase: 'after' }] },
  });
  const foreignTables = await Promise.all(['a list of customers', 'a draft'].map(newTable));
  const input = await pipelineInputFor(testEnv, ROWS);
  const ended = await executeRun(testEnv, `strangers-tables-${testEnv.taskQueue}`, input);
  expect(ended).toMatchObject({ outcome: 'completed', cells: { done: 20 } });
  const { tables } = testEnv.sandbox.state;
  expect([...tables.keys()].sort()).toEqual([...foreignTables, ended.tableId].sort());
  expect(foreignTables.map((id) => tables.get(id)?.live.length)).toEqual([0, 0]);
});

async function newTable(name: string): Promise<string> {
  const reply = await fetch(`${testEnv.sandbox.url}/v1/tables`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name, kind: 'company' }),
  });
  if (!reply.ok) throw new Error(await reply.text());
  // Of the API's shape.
  return ((await reply.json()) as { id: string }).id;
}
