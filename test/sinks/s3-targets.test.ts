import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { ResultTarget } from '../../src/contract/pipeline.ts';
import { readS3Address, type S3Place } from '../../src/s3/address.ts';
import { getObject, keysUnder, putObject } from '../../src/s3/objects.ts';
import { resultFormatOf } from '../../src/sinks/index.ts';
import { withLocks } from '../../src/sinks/lock/lock.ts';
import { probeTarget } from '../../src/sinks/files/probe-target.ts';
import { publishTo } from '../../src/sinks/publish.ts';
import { openSource } from '../../src/sources/source.ts';
import { takenOver } from '../support/closed-fence.ts';
import { startS3Proxy, type S3Proxy } from '../support/s3-proxy.ts';
import { BUCKET, startS3Server, type S3Server } from '../support/s3-server.ts';
import { useS3 } from '../store/stores.ts';
import { resultRow } from './result-row.ts';
import { newFolder, RESULTS, storeResults } from './results.ts';

let server: S3Server;
let proxy: S3Proxy;
beforeAll(async () => {
  server = await startS3Server();
  proxy = await startS3Proxy(server.url);
  useS3(proxy.url);
});
afterAll(async () => {
  await proxy.close();
  await server.stop();
});
afterEach(() => {
  proxy.fault = () => null;
});

const COLUMNS = { columns: ['sector'], inputs: ['input'] };
const target = (to: string): ResultTarget => ({ to, format: resultFormatOf(to) ?? 'jsonl' });

const newAddress = (name: string): string => `s3://${BUCKET}/results/${randomUUID()}/${name}`;

const placeOf = (address: string): S3Place => {
  const place = readS3Address(address);
  if (typeof place === 'string') throw new Error(place);
  return place;
};

const textAt = async (address: string): Promise<string | null> =>
  (await getObject(placeOf(address)))?.text ?? null;

const namesBeside = async (address: string): Promise<string[]> => {
  const { bucket, key } = placeOf(address);
  const folder = key.slice(0, key.lastIndexOf('/') + 1);
  return (await keysUnder(bucket, folder)).map((found) => found.slice(folder.length));
};

const folderOf = async (rows: number) => {
  const folder = newFolder();
  const all = Array.from({ length: rows }, (_, row) =>
    resultRow(`${row}`, { input: `Company ${row} – 日本` }, { sector: 'Industrials' }),
  );
  await storeResults(folder, all);
  return folder;
};

test.each(['jsonl', 'csv'])('results published to S3 as %s come back as rows', async (format) => {
  const to = newAddress(`results.${format}`);
  const folder = await folderOf(500);
  const published = await publishTo(target(to), folder, RESULTS, COLUMNS);
  const text = (await textAt(to)) ?? '';
  expect(published).toMatchObject({ path: to, rows: 500, bytes: Buffer.byteLength(text) });
  expect(await namesBeside(to)).toEqual([`results.${format}`]);
  let rows = 0;
  for await (const row of openSource({
    type: 'file',
    path: to,
    format: format as 'csv' | 'jsonl',
  })) {
    expect(row.values['key']).toBe(`${rows}`);
    rows += 1;
  }
  expect(rows).toBe(500);
});

test('Parquet goes to S3 whole as well', async () => {
  const to = newAddress('results.parquet');
  const published = await publishTo(target(to), await folderOf(50), RESULTS, COLUMNS);
  expect(published).toMatchObject({ path: to, rows: 50 });
  expect(await textAt(to)).toMatch(/^PAR1[^]*PAR1$/);
  expect(await namesBeside(to)).toEqual(['results.parquet']);
});

test('a step that another worker has taken over leaves results on S3 as they are', async () => {
  const to = newAddress('results.jsonl');
  await publishTo(target(to), await folderOf(2), RESULTS, COLUMNS);
  const before = await textAt(to);
  const folder = await folderOf(3);
  const again = takenOver(() => publishTo(target(to), folder, RESULTS, COLUMNS));
  await expect(again).rejects.toThrow(/not confirmed/);
  expect(await textAt(to)).toBe(before);
});

test('a failed publication leaves the results before it whole', async () => {
  const to = newAddress('results.jsonl');
  await publishTo(target(to), await folderOf(2), RESULTS, COLUMNS);
  const before = await textAt(to);
  proxy.fault = ({ method }) => (method === 'PUT' ? { status: 403, code: 'AccessDenied' } : null);
  const failed = publishTo(target(to), await folderOf(5), RESULTS, COLUMNS);
  await expect(failed).rejects.toMatchObject({ code: 'sink_unwritable', where: to });
  proxy.fault = () => null;
  expect(await textAt(to)).toBe(before);
  expect(await namesBeside(to)).toEqual(['results.jsonl']);
});

test('probing a bucket leaves nothing behind', async () => {
  const to = newAddress('results.jsonl');
  await probeTarget(target(to), 'test');
  expect(await namesBeside(to)).toEqual([]);
});

test.each([
  ['s3:PutObject', 'PUT'],
  ['s3:DeleteObject', 'DELETE'],
])('a probe names the missing permission %s', async (permission, refused) => {
  const to = newAddress('results.jsonl');
  proxy.fault = ({ method }) => (method === refused ? { status: 403, code: 'AccessDenied' } : null);
  await expect(probeTarget(target(to), 'test')).rejects.toMatchObject({
    code: 'sink_unwritable',
    where: to,
    message: expect.stringContaining(permission),
  });
});

test('a bucket that is not there is named before anything is paid', async () => {
  const to = 's3://no-such-bucket/results.jsonl';
  await expect(probeTarget(target(to), 'test')).rejects.toMatchObject({
    code: 'sink_unwritable',
    message: expect.stringContaining('there is no bucket no-such-bucket'),
  });
});

test('expired credentials are retryable', async () => {
  const to = newAddress('results.jsonl');
  proxy.fault = () => ({ status: 400, code: 'ExpiredToken' });
  await expect(probeTarget(target(to), 'test')).rejects.toMatchObject({
    code: 'sink_unreachable',
    retryable: true,
  });
});

test('files of another program at a target are not replaced', async () => {
  const to = newAddress('results.jsonl');
  await putObject(placeOf(to.replace('.jsonl', '.manifest.json')), '{"mine":true}');
  await expect(probeTarget(target(to), 'test')).rejects.toThrow(/rowmill did not write/);
});

test('of many that want a lock on S3 one at a time has it', async () => {
  const [a, b] = [newAddress('a.lock'), newAddress('b.lock')];
  let inside = 0;
  let most = 0;
  const work = async () => {
    inside += 1;
    most = Math.max(most, inside);
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    inside -= 1;
  };
  const short = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 5));
  await Promise.all([[a, b], [b, a], [b], [a, b]].map((files) => withLocks(files, short, work)));
  expect(most).toBe(1);
  expect(await textAt(a)).toBeNull();
});

test('a lock on S3 of another machine is taken over by one process after two minutes', async () => {
  const file = newAddress('x.lock');
  await putObject(placeOf(file), JSON.stringify({ token: 't', machine: 'elsewhere', pid: 1 }));
  let waitedMs = 0;
  const waiting = async (ms: number): Promise<void> => {
    waitedMs += ms;
    await Promise.resolve();
  };
  await withLocks([file], waiting, async (held) => {
    await held.confirm();
    // The other one comes back: the lock is not its own any more.
    await putObject(placeOf(file), JSON.stringify({ token: 't', machine: 'elsewhere', pid: 1 }));
    await expect(held.confirm()).rejects.toThrow(/another process has taken over the lock/);
  });
  expect(waitedMs).toBe(120_000);
});

test.each([
  ['no such file', `s3://${BUCKET}/none.csv`, 'source_not_found', /there is no such file/],
  ['no such bucket', 's3://no-such-bucket/x.csv', 'source_not_found', /there is no bucket/],
])('rows from S3: %s', async (_what, path, code, reason) => {
  const read = openSource({ type: 'file', path, format: 'csv' }).next();
  await expect(read).rejects.toMatchObject({ code, where: path });
  await expect(openSource({ type: 'file', path, format: 'csv' }).next()).rejects.toThrow(reason);
});
