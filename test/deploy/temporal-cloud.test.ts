import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { temporalTarget } from '../../src/temporal/connection.ts';

let folder = '';
let page = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rowmill-cloud-'));
  page = await readFile(new URL('../../docs/guides/deploy.md', import.meta.url), 'utf8');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('the variables of docs/guides/deploy.md make a TLS connection with an API key', () => {
  const block = /```\n(TEMPORAL_ADDRESS=[\s\S]+?)```/.exec(page)?.[1] ?? '';
  const env = Object.fromEntries(
    block.split('\n').flatMap((line) => {
      const [name = '', value = ''] = line.split('=');
      return name === '' ? [] : [[name, value.replace('…', 'a-key')]];
    }),
  );
  expect(Object.keys(env)).toEqual(['TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE', 'TEMPORAL_API_KEY']);
  const target = temporalTarget({ env, ignoreProfileFile: true });
  expect(target).toMatchObject({
    address: env['TEMPORAL_ADDRESS'],
    namespace: env['TEMPORAL_NAMESPACE'],
    connectionOptions: { apiKey: 'a-key' },
  });
  expect(target.connectionOptions.tls).toBeTruthy();
});

test('the profile that docs/guides/deploy.md shows makes a connection with a client certificate', async () => {
  const toml = /```toml\n([\s\S]+?)```/.exec(page)?.[1] ?? '';
  const pem = join(folder, 'temporal.pem');
  const key = join(folder, 'temporal.key');
  await writeFile(pem, 'certificate');
  await writeFile(key, 'key');
  const file = join(folder, 'temporal.toml');
  await writeFile(
    file,
    toml.replace('/run/secrets/temporal.pem', pem).replace('/run/secrets/temporal.key', key),
  );
  const fromFile = temporalTarget({ env: { TEMPORAL_CONFIG_FILE: file } });
  const fromVariables = temporalTarget({
    ignoreProfileFile: true,
    env: {
      TEMPORAL_ADDRESS: fromFile.address,
      TEMPORAL_NAMESPACE: fromFile.namespace,
      TEMPORAL_TLS_CLIENT_CERT_PATH: pem,
      TEMPORAL_TLS_CLIENT_KEY_PATH: key,
    },
  });
  for (const target of [fromFile, fromVariables]) {
    expect(target).toMatchObject({
      address: 'rowmill.a1b2c.tmprl.cloud:7233',
      namespace: 'rowmill.a1b2c',
      connectionOptions: {
        tls: { clientCertPair: { crt: Buffer.from('certificate'), key: Buffer.from('key') } },
      },
    });
  }
});
