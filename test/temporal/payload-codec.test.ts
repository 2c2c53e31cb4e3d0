import { expect, test } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { RowmillError } from '../../src/errors.ts';
import { createPayloadCodec, keyIdOf } from '../../src/temporal/payload-codec.ts';
import { payloadKeysOf } from '../../src/temporal/payload-keys.ts';

const secret = (fill: number): string => Buffer.alloc(32, fill).toString('base64');
const NEW = `2026-02:${secret(2)}`;
const OLD = `2026-01:${secret(1)}`;
const codecOf = (keys: string) => createPayloadCodec(payloadKeysOf({ ROWMILL_PAYLOAD_KEYS: keys }));
const payloadOf = (value: unknown): Payload => defaultPayloadConverter.toPayload(value);
const valueOf = (payload: Payload | undefined): unknown =>
  payload && defaultPayloadConverter.fromPayload(payload);
const errorOf = (work: () => unknown): RowmillError => {
  try {
    work();
  } catch (error) {
    if (error instanceof RowmillError) return error;
  }
  throw new Error('it throws no RowmillError');
};

test('what was encrypted with any of the keys is decrypted', async () => {
  const [before] = await codecOf(OLD).encode([payloadOf('a row')]);
  const [after] = await codecOf(`${NEW},${OLD}`).encode([payloadOf('a row')]);
  expect([before, after].map((each) => each && keyIdOf(each))).toEqual(['2026-01', '2026-02']);
  const plain = await codecOf(`${NEW},${OLD}`).decode([before ?? {}, after ?? {}]);
  expect(plain.map(valueOf)).toEqual(['a row', 'a row']);
});

test('an encrypted payload has none of the bytes of its value', async () => {
  const [one] = await codecOf(NEW).encode([payloadOf('prompt')]);
  expect(Buffer.from(one?.data ?? []).includes('prompt')).toBe(false);
});

test('two payloads of one value are encrypted differently', async () => {
  const [one, two] = await codecOf(NEW).encode([payloadOf('prompt'), payloadOf('prompt')]);
  expect(one?.data).not.toEqual(two?.data);
});

test('without keys nothing is encrypted', async () => {
  const plain = payloadOf({ input: '3M' });
  expect(await codecOf('').encode([plain])).toEqual([plain]);
});

test('a plain payload passes with keys too', async () => {
  const plain = payloadOf({ input: '3M' });
  expect(await codecOf(NEW).decode([plain])).toEqual([plain]);
});

test.each([
  ['another key', NEW, /2026-01, and only 2026-02 here/],
  ['no key', '', /2026-01, and no keys are here/],
  ['another key of that id', `2026-01:${secret(3)}`, /the key 2026-01 that is here does not/],
])('with %s the missing one is named', async (_, keys, text) => {
  const encoded = await codecOf(OLD).encode([payloadOf('a row')]);
  await expect(codecOf(keys).decode(encoded)).rejects.toMatchObject({
    code: 'payload_key_missing',
    what: expect.stringMatching(text),
    retryable: false,
  });
});

test('a payload whose bytes were changed or cut is refused', async () => {
  const codec = codecOf(OLD);
  const [encoded = {}] = await codec.encode([payloadOf('a row')]);
  const data = Buffer.from(encoded.data ?? []);
  data[20] = (data[20] ?? 0) ^ 1;
  for (const bad of [data, data.subarray(0, 9), new Uint8Array()]) {
    const changed = { ...encoded, data: bad };
    await expect(codec.decode([changed])).rejects.toMatchObject({ code: 'payload_key_missing' });
  }
});

test('the format is nonce, cipher text and tag, as in the samples of Temporal', async () => {
  const [encoded] = await codecOf(OLD).encode([payloadOf('hello')]);
  expect(Buffer.from(encoded?.metadata?.['encoding'] ?? []).toString()).toBe('binary/encrypted');
  const { subtle } = globalThis.crypto;
  const key = await subtle.importKey('raw', Buffer.alloc(32, 1), 'AES-GCM', false, ['decrypt']);
  const data = Buffer.from(encoded?.data ?? []);
  const algorithm = { name: 'AES-GCM', iv: data.subarray(0, 12) };
  const plain = Buffer.from(await subtle.decrypt(algorithm, key, data.subarray(12)));
  expect(plain.includes('"hello"')).toBe(true);
});

test.each([
  ['a bare key', secret(1), 'key 1 has no id'],
  ['a short key', `a:${randomBytes(16).toString('base64')}`, 'key a is not 32 bytes in base64'],
  ['no base64', `a:${'!'.repeat(43)}=`, 'key a is not 32 bytes in base64'],
  ['an odd id', `a b:${secret(1)}`, 'key 1 has an id that is not allowed'],
  ['one id twice', `${OLD},2026-01:${secret(9)}`, 'two keys have the id 2026-01'],
])('%s is refused, without any of it in the text', (_, keys, what) => {
  const error = errorOf(() => payloadKeysOf({ ROWMILL_PAYLOAD_KEYS: keys }));
  expect(error).toMatchObject({ code: 'usage', what });
  const texts = `${error.message} ${error.remedy}`;
  expect(texts).not.toContain(keys.split(':').at(-1));
});

test('keys come from a file, one a line, with comments', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rowmill-keys-'));
  try {
    const file = join(folder, 'keys');
    await writeFile(file, `# newest first\n${NEW}\n\n${OLD}\n`);
    const ids = payloadKeysOf({ ROWMILL_PAYLOAD_KEYS_FILE: file }).map(({ id }) => id);
    expect(ids).toEqual(['2026-02', '2026-01']);
    const both = { ROWMILL_PAYLOAD_KEYS: NEW, ROWMILL_PAYLOAD_KEYS_FILE: file };
    expect(errorOf(() => payloadKeysOf(both)).what).toContain('both set');
    await writeFile(file, '# none\n');
    const none = { ROWMILL_PAYLOAD_KEYS_FILE: file };
    expect(errorOf(() => payloadKeysOf(none)).what).toBe('the file has no key');
    const gone = { ROWMILL_PAYLOAD_KEYS_FILE: join(folder, 'gone') };
    expect(errorOf(() => payloadKeysOf(gone)).what).toContain('cannot be read');
  } finally {
    await rm(folder, { recursive: true });
  }
});
