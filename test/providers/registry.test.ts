import { afterEach, expect, test } from '@jest/globals';
import { RowmillError } from '../../src/errors.ts';
import { createProviders } from '../../src/providers/registry.ts';
import { closeServers, json, serve } from '../http/server.ts';

afterEach(closeServers);

function rejectionOf(env: NodeJS.ProcessEnv, name = 'extruct'): RowmillError {
  try {
    createProviders(env).get(name);
  } catch (error) {
    if (error instanceof RowmillError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

test('a provider is made once, from the environment', async () => {
  const server = await serve(json({ available_credits: 3, email: 'a@b' }));
  const env = { EXTRUCT_API_TOKEN: ' tok-1234\n', EXTRUCT_BASE_URL: `${server.url}/` };
  const answered: string[] = [];
  const providers = createProviders(env, { onResponse: ({ route }) => answered.push(route) });
  expect(providers.get('extruct')).toBe(providers.get('extruct'));
  expect(await providers.get('extruct').account({})).toEqual({ credits: 3, label: 'a@b' });
  expect(server.received[0]?.headers.authorization).toBe('Bearer tok-1234');
  expect(answered).toEqual(['GET /v1/user']);
});

test('nothing is read before a provider is asked for', () => {
  expect(() => createProviders({})).not.toThrow();
});

test.each([undefined, '', '  '])('without a token (%p) the variable is named', (token) => {
  const error = rejectionOf(token === undefined ? {} : { EXTRUCT_API_TOKEN: token });
  expect(error.code).toBe('token_missing');
  expect(error.message).toContain('EXTRUCT_API_TOKEN');
});

test.each(['tok\nen-1234', 'tok en-1234', 'tökén-1234'])('a token that is none (%j)', (token) => {
  const error = rejectionOf({ EXTRUCT_API_TOKEN: token });
  expect(error.code).toBe('token_missing');
  expect(String(error)).not.toContain('1234');
});

test.each(['promptlayer-x', 'toString', '__proto__', ''])('no provider %j', (name) => {
  expect(rejectionOf({ EXTRUCT_API_TOKEN: 'tok-1234' }, name)).toMatchObject({
    code: 'spec_invalid',
    where: 'provider',
  });
});

test('a token never goes out in the clear', () => {
  const env = { EXTRUCT_API_TOKEN: 'tok-1234', EXTRUCT_BASE_URL: 'http://api.extruct.ai' };
  expect(rejectionOf(env).code).toBe('base_url_invalid');
});

test.each(['0', '-1', 'fast', '5000', 'NaN'])('a rate of %s is refused', (rate) => {
  const env = { EXTRUCT_API_TOKEN: 'tok-1234', ROWMILL_REQUESTS_PER_SECOND: rate };
  expect(rejectionOf(env).message).toContain('ROWMILL_REQUESTS_PER_SECOND');
});

test('a rate of the environment is kept', async () => {
  const server = await serve(json({}));
  const provider = createProviders({
    EXTRUCT_API_TOKEN: 'tok-1234',
    EXTRUCT_BASE_URL: server.url,
    ROWMILL_REQUESTS_PER_SECOND: '0.001',
  }).get('extruct');
  await provider.account({});
  const stop = new AbortController();
  const waiting = provider.account({ signal: stop.signal });
  stop.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
  expect(server.received.length).toBe(1);
});
