import { afterEach, expect, test } from '@jest/globals';
import { inspect } from 'node:util';
import { redactedError, redactorOf } from '../../src/http/redaction.ts';
import type { RowmillError } from '../../src/errors.ts';
import { failureOf, clientOf, failuresOf, get, post, TOKEN } from './calls.ts';
import { closeServers, json, raw, serve } from './server.ts';

afterEach(closeServers);

const everythingOf = (error: RowmillError): string =>
  inspect(error, { depth: 10, showHidden: true }) + JSON.stringify(error) + String(error.stack);

test.each([
  ['in the detail', json({ detail: `bad token ${TOKEN}` }, 401)],
  ['in the detail, cut by the clip', json({ detail: `${'x'.repeat(290)} ${TOKEN}` }, 400)],
  [
    'in the detail, behind control characters',
    json({ detail: TOKEN.replace('-', '\u200b-') }, 400),
  ],
  ['as plain text', raw(`Authorization: Bearer ${TOKEN}`, 500, { 'content-type': 'text/plain' })],
  ['as request id', json({}, 500, { 'x-request-id': TOKEN })],
  [
    'in the location',
    json({}, 302, { location: `https://${TOKEN.toLowerCase()}.example/${TOKEN}` }),
  ],
  ['as content type', raw('x', 200, { 'content-type': TOKEN })],
  ['as encoding', raw('x', 200, { 'content-encoding': TOKEN })],
  ['in cut JSON', raw(`{"token":"${TOKEN}`)],
])('a server that repeats the token %s', async (_name, behave) => {
  const failures = await failuresOf(behave);
  for (const failure of [failures.get, failures.post]) {
    expect(everythingOf(failure)).not.toContain(TOKEN);
    expect(everythingOf(failure)).not.toContain(TOKEN.slice(0, 12));
  }
});

test('a token that cannot be a header is not shown either', async () => {
  const server = await serve(json({}));
  const bad = `${TOKEN}\nX-Evil: 1`;
  const client = clientOf(server.url, { headers: () => ({ authorization: `Bearer ${bad}` }) });
  expect(everythingOf(await failureOf(post(client)))).not.toContain(TOKEN);
  expect(server.received.length).toBe(0);
});

test('the token in a path is taken out of the place too', async () => {
  const server = await serve(json({}, 404));
  const failure = await failureOf(
    clientOf(server.url).request({
      method: 'GET',
      path: `/v1/tables/${TOKEN}`,
      route: 'r',
      repeatable: true,
    }),
  );
  expect(failure.where).toBe('GET /v1/tables/[redacted]');
});

test('causes keep name, code and chain, without the secret', () => {
  const redact = redactorOf({ authorization: 'Bearer s3cr3t/+=' });
  const inner = Object.assign(new TypeError('inner s3cr3t/+='), {
    code: 'E_X',
    socket: 's3cr3t/+=',
  });
  const outer = new Error('outer s3cr3t%2F%2B%3D', { cause: inner });
  const copy = redactedError(outer, redact);
  expect(copy.message).toBe('outer [redacted]');
  expect(copy.cause).toMatchObject({ name: 'TypeError', code: 'E_X', message: 'inner [redacted]' });
  expect(inspect(copy, { depth: 10, showHidden: true })).not.toContain('s3cr3t');
});

test('a query is no part of an error', async () => {
  const server = await serve(json({}, 404));
  const failure = await failureOf(
    clientOf(server.url).request({
      method: 'GET',
      path: '/v1/tables',
      route: 'r',
      query: { search: 'private name' },
      repeatable: true,
    }),
  );
  expect(everythingOf(failure)).not.toContain('private');
  expect((await failureOf(get(clientOf(server.url)))).where).toBe('GET /v1/tables/t1');
});

const basic = Buffer.from(`user:${TOKEN}`).toString('base64');
test.each([
  ['base64', Buffer.from(TOKEN).toString('base64')],
  ['base64 of more', basic],
  ['base64url of more', Buffer.from(`??>~${TOKEN}`).toString('base64url')],
  ['capitals', TOKEN.toUpperCase()],
  ['an address', encodeURIComponent(`Bearer ${TOKEN}`)],
])('a server that repeats the token as %s', async (_name, echo) => {
  const failures = await failuresOf(json({ detail: `you sent ${echo}` }, 400));
  expect(failures.get.message).toMatch(/you sent .*\[redacted\]/);
  expect(everythingOf(failures.post)).not.toContain(echo);
  expect(everythingOf(failures.post)).not.toContain(echo.slice(6, -4));
});
