import { expect, test } from '@jest/globals';
import type { FaultScript } from '../../sandbox/index.ts';
import {
  SECTOR,
  pipelineInputFor,
  startTestEnv,
  executeRun,
  type TestEnv,
} from '../support/test-env.ts';
import { expectInvariants } from '../support/invariants/index.ts';
import { companies, wantedRows } from '../support/providers/cases.ts';
import { extruct } from '../support/providers/extruct.ts';
import { promptlayer } from '../support/providers/promptlayer.ts';
import type { ProviderCase } from '../support/providers/provider-case.ts';

/** An API that queues cells some time after it could, and shows nothing of it until then. */

const ROWS = companies(12);

const PITCH = {
  kind: 'agent',
  key: 'pitch',
  name: 'Pitch',
  value: { agent_type: 'llm', prompt: 'Write one line to {input}, in {sector}.' },
};
const GENERIC = {
  kind: 'generic',
  columns: [
    { kind: 'input', key: 'input', name: 'Input' },
    { ...SECTOR, value: { agent_type: 'llm', prompt: 'Which sector is {input} in?' } },
    PITCH,
  ],
};

/** Tables of which the second of our columns waits for the first. */
const TABLES: Record<string, [ProviderCase, ProviderCase['tables']['chain']]> = {
  'Extruct, company': [extruct, extruct.tables.chain],
  'Extruct, generic': [extruct, GENERIC],
  PromptLayer: [promptlayer, promptlayer.tables.chain],
};

const WAVES: Record<string, NonNullable<FaultScript['waves']>> = {
  'a gap before each wave': [{ gapMs: 2_500 }],
  'a start that takes long': [{ startLagMs: 4_000 }],
  both: [{ startLagMs: 2_500, gapMs: 2_500 }],
};

const CASES = Object.entries(TABLES).flatMap(([table, what]) =>
  Object.entries(WAVES).map(([wave, waves]) => ({ table, wave, what, waves })),
);

async function inHouse(
  sandbox: NonNullable<Parameters<typeof startTestEnv>[0]>['sandbox'],
  use: (testEnv: TestEnv) => Promise<void>,
): Promise<void> {
  const testEnv = await startTestEnv({ sandbox: { failRate: 0, alwaysFailsRate: 0, ...sandbox } });
  try {
    await use(testEnv);
  } finally {
    await testEnv.close();
  }
}

test.concurrent.each(CASES)('$table: $wave changes nothing', async ({ what, waves }) => {
  const [provider, table] = what;
  await inHouse({ speed: 1_000, faults: { waves } }, async (testEnv) => {
    const workflowId = `waves-${testEnv.taskQueue}`;
    const input = await pipelineInputFor(testEnv, ROWS, { table }, provider);
    const ended = await executeRun(testEnv, workflowId, input);
    expect(ended).toMatchObject({ outcome: 'completed', passes: 1, cells: { done: 24 } });
    const wanted = wantedRows(provider, ROWS);
    await expectInvariants(testEnv, { workflowId, pipeline: input.pipeline, wanted, ended });
  });
});

test('a stalled automatic column is nudged more often, by name', async () => {
  const columns = ['company_profile'];
  const faults: FaultScript = {
    cells: [{ fault: 'stuck', share: 1, columns, at: 'requested', nudges: 2 }],
  };
  await inHouse({ speed: 1_000, faults }, async (testEnv) => {
    const workflowId = `waves-${testEnv.taskQueue}`;
    const run = {
      minPollInterval: '100ms',
      maxPollInterval: '1s',
      stallAfter: '2s',
      deadline: '10m',
    };
    const ended = await executeRun(
      testEnv,
      workflowId,
      await pipelineInputFor(testEnv, ROWS, { run }),
    );
    expect(ended).toMatchObject({ outcome: 'completed', passes: 3, cells: { done: 12 } });
    expect(testEnv.sandbox.ledger.summary().cellsPaid).toBe(12);
  });
});
