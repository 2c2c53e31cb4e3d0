import { expect, test } from '@jest/globals';
import { Connection } from '@temporalio/client';
import { retryWithoutThrowAfterClose } from '../../src/temporal/sdk-workarounds.ts';
import { pickPorts } from '../../src/process/ports.ts';

test('a call repeated after its connection was closed does not throw', async () => {
  // Nothing listens there: each call fails, and is tried again a little later.
  const [port = 0] = await pickPorts(['free']);
  const address = `127.0.0.1:${port}`;
  const connection = Connection.lazy({ address, interceptors: [retryWithoutThrowAfterClose] });
  const thrown: string[] = [];
  const note = (error: Error): void => void thrown.push(error.message);
  process.on('uncaughtException', note);
  try {
    const call = connection.workflowService.getSystemInfo({});
    call.catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 60));
    await connection.close();
    // The first repetition comes after 80 to 250 ms.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
  } finally {
    process.off('uncaughtException', note);
  }
  expect(thrown).toEqual([]);
});
