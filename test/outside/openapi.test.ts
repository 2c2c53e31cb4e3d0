import { expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deleteSchedule } from '../../src/client/schedules/index.ts';
import { openGateway, pipelineOf, TOKEN } from '../gateway/caller.ts';
import { startTestEnv } from '../support/test-env.ts';
import { pythonWith } from './python.ts';

// Installs a package first, and asks hundreds of times: `npm run test:openapi`.
const wanted = process.env['ROWMILL_TEST_OUTSIDE'] === 'openapi' ? test : test.skip;

const CHECKS = [
  ...['not_a_server_error', 'status_code_conformance', 'content_type_conformance'],
  ...['response_schema_conformance'],
].join(',');

wanted('the gateway answers as its OpenAPI document says, whatever it is sent', async () => {
  const python = await pythonWith('schemathesis==4.32.5');
  if (typeof python === 'string') {
    console.warn(`skipped: no Python with schemathesis: ${python}`);
    return;
  }
  const testEnv = await startTestEnv();
  const caller = await openGateway(testEnv);
  const { gateway } = caller;
  const schedule = `openapi-${process.pid}`;
  try {
    // Something that is there, so that not every answer is 404.
    const id = `openapi-${testEnv.taskQueue}`;
    await caller.start(id, { pipeline: pipelineOf({ spend: { approveAbove: 0 } }) });
    const pipeline = pipelineOf({ name: schedule, schedule: { at: '02:30' } });
    await caller.send('PUT', `/v1/schedules/${schedule}`, { pipeline, owner: 'openapi' });
    const config = [
      `[parameters]\n"path.id" = "${id}"\n"path.name" = "${schedule}"`,
      `[[operations]]\ninclude-name = "DELETE /v1/schedules/{name}"`,
      `parameters = { "path.name" = "nobody" }`,
    ].join('\n');
    await writeFile(join(testEnv.folder, 'schemathesis.toml'), config);
    const args = [
      ...['run', `${gateway.url}/openapi.json`, '-H', `Authorization: Bearer ${TOKEN}`],
      ...['--seed', '1', '--max-examples', '25', '--checks', CHECKS],
      ...['--phases', 'examples,coverage,fuzzing', '--continue-on-failure', '--no-color'],
      ...['--request-timeout', '30', '--generation-database', 'none'],
    ];
    const child = spawn(`${python.bin}/schemathesis`, args, {
      cwd: testEnv.folder,
      stdio: 'inherit',
      timeout: 480_000,
    });
    const [code] = (await once(child, 'exit')) as [number | null];
    expect(code).toBe(0);
  } finally {
    await deleteSchedule(testEnv.client, schedule).catch(() => undefined);
    await gateway.stop('the test is over');
    await testEnv.close();
    await python.remove();
  }
});
