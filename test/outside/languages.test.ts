import { expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { RunProgress, RunSummary } from '../../src/contract/run.ts';
import { pipelineInputFor, startTestEnv } from '../support/test-env.ts';
import { eventually } from '../support/eventually.ts';
import { goProgram } from './go.ts';
import { pythonWith } from './python.ts';

// Installs packages first: `npm run test:languages`.
const wanted = process.env['ROWMILL_TEST_OUTSIDE'] === 'languages' ? test : test.skip;

const exampleOf = (name: string): string =>
  fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));

wanted('the Python example starts a run, waits and prints the summary', async () => {
  const python = await pythonWith('temporalio==1.35.0');
  if (typeof python === 'string') {
    console.warn(`skipped: no Python with temporalio: ${python}`);
    return;
  }
  try {
    await expectSummaries([`${python.bin}/python`, exampleOf('python/enrich.py')]);
  } finally {
    await python.remove();
  }
});

wanted('the Go example does the same', async () => {
  const program = await goProgram(exampleOf('go'));
  if (typeof program === 'string') {
    console.warn(`skipped: no Go: ${program}`);
    return;
  }
  try {
    await expectSummaries([program.path]);
  } finally {
    await program.remove();
  }
});

/** Two programs at once, and one after the end, with the same id: one run, whose summary all print. */
async function expectSummaries(command: readonly string[]): Promise<void> {
  const testEnv = await startTestEnv({ sandbox: { failRate: 0, alwaysFailsRate: 0 } });
  try {
    // Held until both are there.
    const held = { spend: { approveAbove: 0 } };
    const workflowInput = await pipelineInputFor(
      testEnv,
      [{ Symbol: 'MMM', Security: '3M' }],
      held,
    );
    const id = `example-${testEnv.taskQueue}`;
    const env = {
      ROWMILL_TASK_QUEUE: testEnv.taskQueue,
      TEMPORAL_ADDRESS: process.env['ROWMILL_TEST_TEMPORAL_ADDRESS'] ?? '',
    };
    const programs = [1, 2].map(() => start([...command, id], env, { workflowInput }));
    await Promise.all(programs.map(({ attached }) => attached));
    const run = testEnv.client.workflow.getHandle(id);
    await eventually('the run waits', async () => {
      return (await run.query<RunProgress>('progress')).stage === 'waiting for approval';
    });
    await run.executeUpdate('approveSpend');
    const printed = await Promise.all(programs.map(({ stdout }) => stdout));
    // What the workflow gives back.
    const [first, second] = printed.map((summary) => JSON.parse(summary) as RunSummary);
    expect(first).toMatchObject({ workflowId: id, outcome: 'completed', rows: 1 });
    expect(second?.runId).toBe(first?.runId);
    const later = await start([...command, id], env, { workflowInput }).stdout;
    expect(JSON.parse(later)).toEqual(first);
    expect(testEnv.sandbox.ledger.summary()).toMatchObject({ tablesCreated: 1, cellsPaid: 1 });
  } finally {
    await testEnv.close();
  }
}

function start(
  [program = '', ...args]: readonly string[],
  env: Record<string, string>,
  input: object,
): { attached: Promise<void>; stdout: Promise<string> } {
  const child = spawn(program, args, { env });
  child.stdin.end(JSON.stringify(input));
  let said = '';
  const attached = new Promise<void>((resolve, reject) => {
    child.stderr.on('data', (chunk: Buffer) => {
      said += String(chunk);
      if (said.includes('is in progress')) resolve();
    });
    child.once('error', reject).once('close', () => reject(new Error(said)));
  });
  // A reader that comes after the end reads what is printed only.
  attached.catch(() => undefined);
  return { attached, stdout: text(child.stdout) };
}
