import { expect, jest, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openGateway, TOKEN } from '../gateway/caller.ts';
import { openHouse } from '../support/house.ts';
import { pythonWith } from './python.ts';

// Installs a package first, and asks hundreds of times: `npm run test:openapi`.
const wanted = process.env['ROWMILL_TEST_OUTSIDE'] === 'openapi' ? test : test.skip;

jest.setTimeout(600_000);

wanted('the gateway answers as its OpenAPI document says, whatever it is sent', async () => {
  const python = await pythonWith('schemathesis==4.32.5');
  if (typeof python === 'string') {
    console.warn(`skipped: no Python with schemathesis: ${python}`);
    return;
  }
  const house = await openHouse();
  const { gateway } = await openGateway(house);
  try {
    const url = `${gateway.url}/openapi.json`;
    const args = [
      ...[
        'run',
        url,
        '-H',
        `Authorization: Bearer ${TOKEN}`,
        '--seed',
        '1',
        '--max-examples',
        '25',
      ],
      ...['--checks', 'not_a_server_error,status_code_conformance,content_type_conformance'],
      ...['--phases', 'examples,coverage,fuzzing', '--continue-on-failure', '--no-color'],
      ...['--request-timeout', '30', '--generation-database', 'none'],
    ];
    const child = spawn(`${python.bin}/schemathesis`, args, {
      cwd: house.folder,
      stdio: 'inherit',
      timeout: 480_000,
    });
    const [code] = (await once(child, 'exit')) as [number | null];
    expect(code).toBe(0);
  } finally {
    await gateway.stop('the test is over');
    await house.close();
    await python.remove();
  }
});
