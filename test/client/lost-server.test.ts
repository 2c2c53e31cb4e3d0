import { createServer } from 'node:http2';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import {
  Rowmill,
  RowmillError,
  type PipelineDocument,
  type RowmillRun,
} from '../../src/client/index.ts';
import { startTemporalServer } from '../../src/dev/temporal/server.ts';
import { ROWS } from './backend.ts';
import { SECTOR } from '../support/test-env.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rowmill-lost-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const pipeline: PipelineDocument = {
  name: 'lost',
  provider: 'extruct',
  table: { kind: 'company', columns: [SECTOR] },
  rows: { inline: ROWS, key: 'Symbol', map: { input: 'Security' } },
  results: [{ to: '/tmp/nothing-is-written/lost.jsonl' }],
};

const errorOf = (call: () => Promise<unknown>): Promise<unknown> =>
  call().then(
    () => null,
    (error: unknown) => error,
  );

/** Every method that asks the server, but for those that wait through its restarts. */
const calls = (rowmill: Rowmill, run: RowmillRun): Record<string, () => Promise<unknown>> => ({
  start: () => rowmill.start({ pipeline, key: 'another' }),
  'start without a key': () => rowmill.start({ pipeline }),
  attach: () => rowmill.attach(run.id),
  list: () => rowmill.list(),
  'list of an owner': () => rowmill.list({ owner: 'billing' }),
  status: () => run.status(),
  results: () => run.results().next(),
  quarantine: () => run.quarantine().next(),
  manifest: () => run.manifest(),
  files: () => run.files(),
  approve: () => run.approve(),
  pause: () => run.pause(),
  resume: () => run.resume(),
  adjust: () => run.adjust({ deadline: '8h' }),
  rerun: () => run.rerun(),
  cancel: () => run.cancel(),
  'schedules.apply': () =>
    rowmill.schedules.apply({ pipeline: { ...pipeline, schedule: { at: '02:30' } } }),
  'schedules.list': () => rowmill.schedules.list(),
  'schedules.describe': () => rowmill.schedules.describe('lost'),
  'schedules.pause': () => rowmill.schedules.pause('lost'),
  'schedules.resume': () => rowmill.schedules.resume('lost'),
  'schedules.trigger': () => rowmill.schedules.trigger('lost'),
  'schedules.backfill': () =>
    rowmill.schedules.backfill('lost', { from: new Date(0), to: new Date(1) }),
  'schedules.delete': () => rowmill.schedules.delete('lost'),
});

/** Returns the error that each call rejects with. */
async function refusals(rowmill: Rowmill, run: RowmillRun): Promise<Record<string, unknown>> {
  const entries = Object.entries(calls(rowmill, run)).map(async ([name, call]) => {
    const error = await errorOf(call);
    const reported = error instanceof RowmillError ? error : null;
    return [name, reported === null ? String(error) : reported.code] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

const all = (rowmill: Rowmill, run: RowmillRun, code: string): Record<string, string> =>
  Object.fromEntries(Object.keys(calls(rowmill, run)).map((name) => [name, code]));

const RETRIED_FOR_MS = 150_000;

test(
  'a server that is stopped in the middle: every method says so in our words',
  async () => {
    const server = await startTemporalServer();
    const link = { address: server.address, env: {}, ignoreProfileFile: true, store: folder };
    const rowmill = await Rowmill.connect(link);
    try {
      const run = await rowmill.start({ pipeline, key: 'one' });
      await server.stop();
      expect(await refusals(rowmill, run)).toEqual(all(rowmill, run, 'temporal_unreachable'));
      const error = await errorOf(() => run.status());
      expect(error).toMatchObject({
        where: server.address,
        what: 'the Temporal server does not answer',
        retryable: true,
        remedy: expect.stringContaining('Try again'),
      });
    } finally {
      await rowmill.close();
      await server.stop();
    }
  },
  RETRIED_FOR_MS,
);

/** A server that refuses every call with one status, as gRPC on HTTP/2. */
async function refusingServer(status: number, message: string) {
  const server = createServer();
  server.on('stream', (stream) => {
    const trailers = { 'grpc-status': String(status), 'grpc-message': message };
    stream.respond(
      { ':status': 200, 'content-type': 'application/grpc' },
      { waitForTrailers: true },
    );
    stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    stream.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a TCP server has this kind of address
  return {
    address: `127.0.0.1:${port}`,
    close: () => new Promise((closed) => server.close(closed)),
  };
}

describe.each([
  [7, 'Request unauthorized.', 'temporal_unreachable', /refused the credentials/],
  [16, 'Jwt is expired', 'temporal_unreachable', /refused the credentials/],
  [5, 'Namespace gone is not found.', 'temporal_unreachable', /no namespace gone/],
  [4, 'Deadline exceeded', 'temporal_unreachable', /did not answer in time/],
  [12, 'unknown method', 'temporal_unsupported', /does not know the call/],
  [9, 'not now', 'temporal_unreachable', /could not do it: not now/],
])('a server that answers with status %i, %s', (status, message, code, what) => {
  test('is said in our words', async () => {
    const server = await refusingServer(status, message);
    const connection = Connection.lazy({ address: server.address });
    const rowmill = await Rowmill.connect({
      client: new Client({ connection }),
      store: folder,
      env: {},
    });
    try {
      const error = await errorOf(() => rowmill.list());
      expect(error).toMatchObject({ code, what: expect.stringMatching(what) });
      expect(error).toMatchObject({ where: server.address });
      for (const call of [() => rowmill.schedules.list(), () => rowmill.start({ pipeline })]) {
        expect(await errorOf(call)).toMatchObject({ code });
      }
    } finally {
      await connection.close();
      await server.close();
    }
  });
});

describe('a server that is there', () => {
  let rowmill: Rowmill;
  beforeAll(async () => {
    const address = process.env['ROWMILL_TEST_TEMPORAL_ADDRESS'] ?? '';
    rowmill = await Rowmill.connect({ address, env: {}, ignoreProfileFile: true, store: folder });
  });
  afterAll(() => rowmill.close());

  test('an id that is too long is refused as such, wherever it is given', async () => {
    const id = 'x'.repeat(2_000);
    expect(await errorOf(() => rowmill.start({ pipeline, id }))).toMatchObject({
      code: 'usage',
      remedy: 'Use a shorter id or name.',
    });
    expect(await errorOf(() => rowmill.attach(id))).toMatchObject({ code: 'run_not_found' });
    for (const call of [
      () => rowmill.schedules.describe(id),
      () => rowmill.schedules.pause(id),
      () => rowmill.schedules.trigger(id),
      () => rowmill.schedules.delete(id),
    ]) {
      expect(await errorOf(call)).toBeInstanceOf(RowmillError);
    }
  });

  test('a call on a closed connection says so', async () => {
    const address = process.env['ROWMILL_TEST_TEMPORAL_ADDRESS'] ?? '';
    const link = { address, env: {}, ignoreProfileFile: true, store: folder };
    const closed = await Rowmill.connect(link);
    await closed.close();
    expect(await errorOf(() => closed.list())).toMatchObject({
      code: 'usage',
      what: 'the connection to the Temporal server is closed',
    });
  });
});
