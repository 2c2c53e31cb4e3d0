import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { connectTemporal, temporalTarget, isAtLeast } from '../../src/temporal/connection.ts';

const PLAIN = { env: {}, ignoreProfileFile: true };

test('the shared test server reports its version', async () => {
  const address = process.env['ROWMILL_TEST_TEMPORAL_ADDRESS'] ?? '';
  const link = await connectTemporal({ ...PLAIN, address });
  await link.connection.close();
  expect(link).toMatchObject({ address, namespace: 'default' });
  expect(isAtLeast(link.serverVersion, '1.28')).toBe(true);
});

test('no server at the address is an error that names it', async () => {
  const timeoutMs = 300;
  const failing = connectTemporal({ ...PLAIN, address: '127.0.0.1:9', timeoutMs });
  await expect(failing).rejects.toMatchObject({
    code: 'temporal_unreachable',
    message: '127.0.0.1:9: no Temporal server answers within 0.3 s',
  });
});

/** Says its version, as gRPC on HTTP/2, and knows nothing else; or refuses every call. */
async function serverOfVersion(version: string, status = 0) {
  const field = Buffer.concat([Buffer.from([0x0a, version.length]), Buffer.from(version)]);
  const frame = Buffer.concat([Buffer.from([0, 0, 0, 0, field.length]), field]);
  const server = createServer();
  server.on('stream', (stream) => {
    stream.respond(
      { ':status': 200, 'content-type': 'application/grpc' },
      { waitForTrailers: true },
    );
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': String(status) }));
    stream.end(status === 0 ? frame : '');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a TCP server has this kind of address
  // Closed only when no client is connected any more.
  const close = () => new Promise((closed) => server.close(closed));
  return { address: `127.0.0.1:${port}`, close };
}

test('a server that is too old is refused with its version', async () => {
  const old = await serverOfVersion('1.27.4');
  await expect(connectTemporal({ ...PLAIN, address: old.address })).rejects.toMatchObject({
    code: 'temporal_unsupported',
    message: `${old.address}: the server is 1.27.4`,
  });
  await old.close();
});

test.each([
  ['does not know the caller', 16],
  ['does not let the caller in', 7],
])('a server that %s is reported as refusing the credentials', async (_what, status) => {
  const server = await serverOfVersion('1.31.2', status);
  await expect(connectTemporal({ ...PLAIN, address: server.address })).rejects.toMatchObject({
    code: 'temporal_unreachable',
    message: `${server.address}: the Temporal server refused the credentials`,
  });
  await server.close();
});

test('address, namespace and TLS come from the environment and the profile file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rowmill-profile-'));
  const file = join(folder, 'temporal.toml');
  await writeFile(file, '[profile.prod]\naddress = "t.example:7233"\nnamespace = "nightly"\n');
  const env = { TEMPORAL_CONFIG_FILE: file, TEMPORAL_PROFILE: 'prod', TEMPORAL_API_KEY: 'k' };
  expect(temporalTarget({ env })).toEqual({
    address: 't.example:7233',
    namespace: 'nightly',
    configured: true,
    connectionOptions: { address: 't.example:7233', apiKey: 'k', tls: true },
  });
  expect(temporalTarget(PLAIN)).toMatchObject({ address: 'localhost:7233', configured: false });
  const broken = { TEMPORAL_CONFIG_FILE: file, TEMPORAL_PROFILE: 'other' };
  expect(() => temporalTarget({ env: broken })).toThrow(/the Temporal profile cannot be used/);
  await rm(folder, { recursive: true });
});

test.each([
  ['1.31.2', '1.28', true],
  ['1.28.0', '1.28', true],
  ['v1.9.0', '1.28', false],
  ['1.27.9', '1.28', false],
  ['2.0', '1.28.1', true],
  ['1.29.0-rc.1', '1.28', true],
  ['cloud', '1.28', true],
])('version %s against %s: %s', (version, oldest, answer) => {
  expect(isAtLeast(version, oldest)).toBe(answer);
});
