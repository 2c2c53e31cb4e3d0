import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startTemporalServer, type TemporalServer } from '../../src/dev/temporal/server.ts';
import { pickPorts } from '../../src/process/ports.ts';
import { startTestEnv, type TestEnv } from '../support/test-env.ts';
import { eventually } from '../support/eventually.ts';
import { openGateway, pipelineOf, type Caller } from './caller.ts';

let testEnv: TestEnv;
let caller: Caller;
let server: TemporalServer | undefined;
let port: number;
beforeAll(async () => {
  testEnv = await startTestEnv();
  [port = 0] = await pickPorts(['free']);
  caller = await openGateway(testEnv, { TEMPORAL_ADDRESS: `127.0.0.1:${port}` });
});
afterAll(async () => {
  await caller.gateway.stop('the test is over');
  await server?.stop();
  await testEnv.close();
});

test('requests that need Temporal are answered 503 until it is back', async () => {
  expect(await caller.call('/healthz')).toMatchObject({ status: 200, json: { live: true } });
  const ready = await caller.call('/readyz');
  expect(ready).toMatchObject({ status: 503, json: { ready: false, checks: { store: 'ok' } } });
  const nightly = pipelineOf({ schedule: { at: '02:30' } });
  for (const answer of [
    await caller.start('nobody-there', { pipeline: pipelineOf() }),
    await caller.call('/v1/runs'),
    await caller.call('/v1/runs/x/events'),
    await caller.send('POST', '/v1/runs/x/adjust', { deadline: '8h' }),
    await caller.send('PUT', '/v1/schedules/gateway', { owner: 'test', pipeline: nightly }),
    await caller.call('/v1/schedules'),
    await caller.call('/v1/schedules/gateway/trigger', { method: 'POST' }),
  ]) {
    expect(answer).toMatchObject({ status: 503, json: { code: 'temporal_unreachable' } });
    expect(answer.headers.get('retry-after')).toBe('5');
  }
  server = await startTemporalServer({ port: { exactly: port } });
  await eventually('it is ready', async () => (await caller.call('/readyz')).status === 200);
  expect(await caller.call('/v1/runs')).toMatchObject({ status: 200, json: { runs: [] } });
});
