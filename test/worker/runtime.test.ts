import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { Runtime } from '@temporalio/worker';
import { afterAll, expect, test } from '@jest/globals';
import { onFreePorts } from '../../src/process/ports.ts';
import { jsonLogger } from '../../src/process/logging.ts';
import { installRuntime } from '../../src/worker/runtime.ts';

afterAll(() => Runtime.instance().shutdown());

test('a metrics port taken before the core listens is a retryable error', async () => {
  const logger = jsonLogger('ERROR');
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo; // a TCP server has this kind of address
  expect(() => installRuntime({ logger, coreMetricsPort: port })).toThrow(
    expect.objectContaining({ code: 'port_in_use' }),
  );

  const other = await onFreePorts(['free'], ([free = 0]) => {
    installRuntime({ logger, coreMetricsPort: free });
    return free;
  });
  expect((await fetch(`http://127.0.0.1:${other}/metrics`)).status).toBe(200);
  taken.close();
});
