import { expect, jest, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { RunSummary } from '../../src/contract/run.ts';
import { inputFor, openHouse } from '../support/house.ts';
import { pythonWith } from './python.ts';

// Installs a package first: `npm run test:languages`.
const wanted = process.env['ROWMILL_TEST_OUTSIDE'] === 'languages' ? test : test.skip;

jest.setTimeout(420_000);

const EXAMPLE = fileURLToPath(new URL('../../examples/python/enrich.py', import.meta.url));

wanted('the Python example starts a run, waits and prints the summary', async () => {
  const python = await pythonWith('temporalio==1.35.0');
  if (typeof python === 'string') {
    console.warn(`skipped: no Python with temporalio: ${python}`);
    return;
  }
  const house = await openHouse({ sandbox: { failRate: 0, hopelessRate: 0 } });
  try {
    const workflowInput = await inputFor(house, [{ Symbol: 'MMM', Security: '3M' }]);
    const child = spawn(`${python.bin}/python`, [EXAMPLE, `python-${house.taskQueue}`], {
      env: {
        ROWMILL_TASK_QUEUE: house.taskQueue,
        TEMPORAL_ADDRESS: process.env['ROWMILL_TEST_TEMPORAL_ADDRESS'],
      },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    child.stdin.end(JSON.stringify({ workflowInput }));
    let stdout = '';
    for await (const chunk of child.stdout) stdout += String(chunk);
    // What the workflow gives back.
    expect(JSON.parse(stdout) as RunSummary).toMatchObject({ outcome: 'completed', rows: 1 });
  } finally {
    await house.close();
    await python.remove();
  }
});
