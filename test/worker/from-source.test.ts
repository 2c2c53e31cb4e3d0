import { expect, test } from '@jest/globals';
import { ApplicationFailure, WorkflowFailedError } from '@temporalio/client';
import { WORKFLOW_TYPE } from '../../src/contract/names.ts';
import { startTestEnv } from '../support/test-env.ts';
import { payload } from '../support/payload.ts';

test('a worker that bundles the sources itself ends a run whose input cannot be decoded', async () => {
  const testEnv = await startTestEnv({ fromSource: true });
  try {
    const run = testEnv.client.workflow.execute(WORKFLOW_TYPE, {
      workflowId: `source-${testEnv.taskQueue}`,
      taskQueue: testEnv.taskQueue,
      args: [payload('{"pipeline":')],
      workflowExecutionTimeout: '20s',
    });
    const error: unknown = await run.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(WorkflowFailedError);
    const { cause } = error as WorkflowFailedError;
    expect(cause).toBeInstanceOf(ApplicationFailure);
    expect(cause).toMatchObject({ type: 'spec_invalid' });
  } finally {
    await testEnv.close();
  }
});
