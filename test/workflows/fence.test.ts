import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { activityInfo } from '@temporalio/activity';
import { Client, Connection } from '@temporalio/client';
import { confirmAttempt } from '../../src/temporal/confirm-attempt.ts';
import { freePort } from '../support/free-port.ts';
import { expectInvariants } from '../support/invariants/index.ts';
import { companies, wantedRows } from '../support/providers/cases.ts';
import { extruct } from '../support/providers/extruct.ts';
import { executeRun, pipelineInputFor, startTestEnv, type TestEnv } from '../support/test-env.ts';

/** Steps whose first attempt the server has given away, by what it answers. */
const GIVEN_AWAY = ['startPass', 'publishResults'];

let testEnv: TestEnv;
const attempts: string[] = [];
const tokens: Uint8Array[] = [];
const answers = new Set<boolean>();

beforeAll(async () => {
  testEnv = await startTestEnv({
    sandbox: { failRate: 0 },
    deps: {
      confirmAttempt: async (token, details) => {
        const { activityType, attempt } = activityInfo();
        attempts.push(`${activityType} ${attempt}`);
        if (GIVEN_AWAY.includes(activityType) && attempt === 1) return false;
        tokens.push(token);
        const answer = await confirmAttempt(testEnv.client, token, details);
        answers.add(answer);
        return answer;
      },
    },
  });
}, 60_000);
afterAll(() => testEnv.close());

test('only the current attempt of a step changes anything', async () => {
  const rows = companies(5);
  const input = await pipelineInputFor(testEnv, rows, { run: { mode: 'all' } });
  const { pipeline } = input;
  const workflowId = `given-away-${testEnv.taskQueue}`;
  const ended = await executeRun(testEnv, workflowId, input);
  expect(ended).toMatchObject({ outcome: 'completed', cells: { done: 5 } });
  for (const step of GIVEN_AWAY) expect(attempts).toContain(`${step} 2`);
  await expectInvariants(testEnv, {
    workflowId,
    pipeline,
    wanted: wantedRows(extruct, rows),
    ended,
  });
  expect(testEnv.sandbox.ledger.runs()).toHaveLength(1);
}, 120_000);

test('the server confirms only attempts in progress', async () => {
  const [token = new Uint8Array()] = tokens;
  expect([...answers]).toEqual([true]);
  expect(await confirmAttempt(testEnv.client, token, null)).toBe(false);
});

test('no answer of the server is no confirmation', async () => {
  const connection = Connection.lazy({ address: `127.0.0.1:${await freePort()}` });
  const asked = confirmAttempt(new Client({ connection }), new Uint8Array([1]), null);
  await expect(asked).rejects.toThrow();
  await connection.close();
}, 60_000);
