import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { RowmillError } from '../../src/errors.ts';
import { createStore } from '../../src/store/open-store.ts';
import { startS3Proxy, type S3Proxy, type S3Request } from '../support/s3-proxy.ts';
import { startS3Server, type S3Server } from '../support/s3-server.ts';
import { s3Store, useS3 } from './stores.ts';

const key = { workflowId: 'w', firstRunId: 'r' };
const MIB = 1024 * 1024;

let server: S3Server;
let proxy: S3Proxy;
beforeAll(async () => {
  server = await startS3Server('lenient');
  proxy = await startS3Proxy(server.url);
});
afterAll(async () => {
  await proxy.close();
  await server.stop();
});
afterEach(() => {
  proxy.fault = () => null;
});

const newFolder = () => s3Store(proxy).store.run(key);

/** A fault for the first requests of a kind. */
const firstly = (times: number, fault: typeof proxy.fault): void => {
  let left = times;
  proxy.fault = (request) => {
    const chosen = left > 0 ? fault(request) : null;
    if (chosen !== null) left -= 1;
    return chosen;
  };
};

const isPut = ({ method }: S3Request): boolean => method === 'PUT';
const isGet = ({ method, url }: S3Request): boolean =>
  method === 'GET' && !url.includes('list-type');
const isList = ({ method, url }: S3Request): boolean =>
  method === 'GET' && url.includes('list-type');
const isDelete = ({ method }: S3Request): boolean => method === 'DELETE';

const failureOf = (work: Promise<unknown>): Promise<RowmillError> =>
  work.then(
    () => Promise.reject(new Error('it did not fail')),
    (error: unknown) => error as RowmillError, // shown by the expectations
  );

const writeBig = async (folder: ReturnType<typeof newFolder>, name: string, mib: number) => {
  const draft = await folder.create(name);
  try {
    const line = 'x'.repeat(MIB / 16 - 1);
    for (let at = 0; at < mib * 16; at += 1) await draft.line(line);
    return await draft.commit();
  } finally {
    await draft.discard();
  }
};

test.each([
  [503, 'SlowDown'],
  [500, 'InternalError'],
])('a server that answers %d %s for a while is asked again', async (status, code) => {
  const folder = newFolder();
  firstly(3, () => ({ status, code }));
  await folder.writeJson('a.json', 1);
  firstly(3, () => ({ status, code }));
  expect(await folder.readJson('a.json')).toBe(1);
});

test.each([
  [503, 'SlowDown', /throttling/],
  [500, 'InternalError', /answers with an error/],
])('a server that goes on answering %d %s is unreachable, for now', async (status, code, what) => {
  const folder = newFolder();
  proxy.fault = () => ({ status, code });
  const failure = await failureOf(folder.writeJson('a.json', 1));
  expect(failure).toMatchObject({ code: 'store_unreachable', retryable: true });
  expect(failure.message).toMatch(what);
});

test('an upload that is cut leaves the old file whole and nothing of the new one', async () => {
  const folder = newFolder();
  await folder.writeJson('a.jsonl', 'old');
  proxy.fault = (request) => (isPut(request) ? { cutUploadAfter: MIB } : null);
  const failure = await failureOf(writeBig(folder, 'a.jsonl', 20));
  expect(failure).toMatchObject({ code: 'store_unreachable' });
  proxy.fault = () => null;
  expect(await folder.readJson('a.jsonl')).toBe('old');
  expect(await folder.list('')).toEqual(['a.jsonl']);
  await writeBig(folder, 'a.jsonl', 20);
  expect(await folder.size('a.jsonl')).toBe(20 * MIB);
});

test('an upload that is cut once is sent again', async () => {
  const folder = newFolder();
  firstly(2, (request) => (isPut(request) ? { cutUploadAfter: MIB } : null));
  await writeBig(folder, 'a.jsonl', 20);
  expect(await folder.size('a.jsonl')).toBe(20 * MIB);
});

test('an upload that is given up leaves no parts at the server', async () => {
  const folder = newFolder();
  const draft = await folder.create('a.jsonl');
  for (let at = 0; at < 20; at += 1) await draft.line('x'.repeat(MIB));
  await draft.discard();
  const uploads = await (await fetch(`${server.url}/rowmill-tests?uploads`)).text();
  expect(uploads).toContain('ListMultipartUploadsResult');
  expect(uploads).not.toContain('<Upload>');
});

test('an answer that is cut is read on from where it is whole', async () => {
  const folder = newFolder();
  await writeBig(folder, 'a.jsonl', 10);
  firstly(2, (request) => (isGet(request) ? { cutAnswerAfter: MIB } : null));
  let bytes = 0;
  await folder.visit('a.jsonl', async (piece) => {
    await Promise.resolve();
    bytes += piece.length;
  });
  expect(bytes).toBe(10 * MIB);
});

test('a file that is replaced while it is read is never mixed', async () => {
  const folder = newFolder();
  await writeBig(folder, 'a.jsonl', 10);
  const read = folder.visit('a.jsonl', async () => {
    await folder.writeJson('a.jsonl', 'new');
  });
  const failure = await failureOf(read);
  expect(failure).toMatchObject({ code: 'store_unreachable', retryable: true });
  expect(failure.message).toMatch(/another process has written it meanwhile/);
});

test.each([
  ['s3:PutObject', isPut],
  ['s3:GetObject', isGet],
  ['s3:ListBucket', isList],
  ['s3:DeleteObject', isDelete],
] as const)('a check names the missing permission %s', async (permission, isRefused) => {
  const { store } = s3Store(proxy);
  proxy.fault = (request) =>
    isRefused(request) ? { status: 403, code: 'AccessDenied', message: 'Access Denied' } : null;
  const failure = await failureOf(store.checkWritable());
  expect(failure).toMatchObject({ code: 'store_denied', retryable: true });
  expect(failure.message).toContain(permission);
  expect(failure.remedy).toContain(permission);
});

test.each([
  [400, 'ExpiredToken', /have expired/],
  [403, 'InvalidAccessKeyId', /are unknown at http/],
  [403, 'SignatureDoesNotMatch', /secret key does not fit/],
])('%d %s is no missing permission', async (status, code, what) => {
  proxy.fault = () => ({ status, code });
  const failure = await failureOf(newFolder().writeJson('a.json', 1));
  expect(failure).toMatchObject({ code: 'store_denied', retryable: true });
  expect(failure.message).toMatch(what);
});

test('expired credentials are read again, without a restart', async () => {
  const place = await mkdtemp(join(tmpdir(), 'rowmill-aws-'));
  const file = join(place, 'credentials');
  const profile = (id: string): string =>
    `[default]\naws_access_key_id = ${id}\naws_secret_access_key = secret\n`;
  const folder = newFolder();
  try {
    delete process.env['AWS_ACCESS_KEY_ID'];
    delete process.env['AWS_SECRET_ACCESS_KEY'];
    process.env['AWS_SHARED_CREDENTIALS_FILE'] = file;
    await writeFile(file, profile('OLD'));
    await folder.writeJson('a.json', 1);
    proxy.fault = ({ accessKey }) =>
      accessKey === 'NEW' ? null : { status: 400, code: 'ExpiredToken' };
    expect(await failureOf(folder.writeJson('a.json', 2))).toMatchObject({ code: 'store_denied' });
    await writeFile(file, profile('NEW'));
    await folder.writeJson('a.json', 3);
    expect(await folder.readJson('a.json')).toBe(3);
  } finally {
    delete process.env['AWS_SHARED_CREDENTIALS_FILE'];
    await rm(place, { recursive: true, force: true });
  }
});

test('no credentials at all are named', async () => {
  const folder = newFolder();
  delete process.env['AWS_ACCESS_KEY_ID'];
  delete process.env['AWS_SECRET_ACCESS_KEY'];
  Object.assign(process.env, {
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_SHARED_CREDENTIALS_FILE: '/nowhere/credentials',
    AWS_CONFIG_FILE: '/nowhere/config',
  });
  try {
    const failure = await failureOf(folder.writeJson('a.json', 1));
    expect(failure).toMatchObject({ code: 'store_denied' });
    expect(failure.message).toMatch(/finds no credentials/);
  } finally {
    delete process.env['AWS_SHARED_CREDENTIALS_FILE'];
    delete process.env['AWS_CONFIG_FILE'];
  }
});

test('a missing bucket is named', async () => {
  useS3(server.url);
  const failure = await failureOf(createStore('s3://no-such-bucket/x').checkWritable());
  expect(failure).toMatchObject({ code: 'store_unwritable', where: 's3://no-such-bucket/x' });
  expect(failure.message).toMatch(/there is no bucket no-such-bucket at http/);
});

test.each([
  [
    'AuthorizationHeaderMalformed',
    400,
    "The authorization header is malformed; the region 'us-east-1' is wrong; expecting 'eu-west-1'",
    {},
  ],
  ['PermanentRedirect', 301, 'must be addressed elsewhere', { 'x-amz-bucket-region': 'eu-west-1' }],
])('a wrong region is named with the right one (%s)', async (code, status, message, headers) => {
  proxy.fault = () => ({ status, code, message, headers });
  const failure = await failureOf(newFolder().writeJson('a.json', 1));
  expect(failure).toMatchObject({ code: 'store_unwritable', remedy: 'Set AWS_REGION=eu-west-1.' });
  expect(failure.message).toMatch(/is in eu-west-1/);
});

test('a bucket with object lock is refused by name', async () => {
  proxy.fault = (request) =>
    isPut(request)
      ? {
          status: 400,
          code: 'InvalidRequest',
          message:
            'Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters',
        }
      : null;
  const failure = await failureOf(s3Store(proxy).store.checkWritable());
  expect(failure).toMatchObject({ code: 'store_unwritable' });
  expect(failure.message).toMatch(/has object lock/);
});

test('an endpoint where nothing listens is unreachable', async () => {
  const gone = await startS3Proxy(server.url);
  await gone.close();
  const failure = await failureOf(s3Store(gone).store.checkWritable());
  expect(failure).toMatchObject({ code: 'store_unreachable', retryable: true });
  expect(failure.message).toContain(gone.url);
});

test('an endpoint that is a web page is no S3 server', async () => {
  proxy.fault = () => ({
    status: 200,
    code: '',
    headers: { 'content-type': 'text/html' },
    body: '<!doctype html><title>hello</title><p>it works</p>',
  });
  const failure = await failureOf(s3Store(proxy).store.checkWritable());
  expect(failure).toMatchObject({ code: 'store_unwritable' });
});

test('a check is repeated only after a minute', async () => {
  const { store } = s3Store(proxy);
  await store.checkWritable();
  const asked = proxy.requests.length;
  await store.checkWritable();
  expect(proxy.requests).toHaveLength(asked);
});

test.each(['s3://', 's3:///x', 's3://b', 's3://bucket//x', 's3://bucket/../x'])(
  'the address %s is refused at once',
  (address) => {
    expect(() => createStore(address)).toThrow(/is no place on S3/);
  },
);
