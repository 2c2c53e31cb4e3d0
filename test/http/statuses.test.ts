import { afterEach, expect, test } from '@jest/globals';
import { createLimiter } from '../../src/http/limiter.ts';
import { clientOf, failureOf, failuresOf, get, post } from './calls.ts';
import { closeServers, json, raw, serve } from './server.ts';

afterEach(closeServers);

test.each([
  [400, 'request_refused', false],
  [401, 'unauthorized', false],
  [402, 'payment_failed', false],
  [403, 'forbidden', false],
  [404, 'not_found', false],
  [408, 'provider_timeout', true],
  [409, 'request_refused', false],
  [410, 'not_found', false],
  [413, 'request_too_large', false],
  [418, 'request_refused', false],
  [422, 'request_refused', false],
  [429, 'rate_limited', false],
  [500, 'provider_unavailable', true],
  [502, 'provider_unavailable', true],
  [503, 'provider_unavailable', true],
  [504, 'provider_unavailable', true],
])('%i is %s with an ambiguity of %p after a POST', async (status, code, ambiguous) => {
  const failures = await failuresOf(json({ detail: 'so it is' }, status));
  expect(failures.get).toMatchObject({ code, ambiguous: false });
  expect(failures.post).toMatchObject({ code, ambiguous });
  expect(failures.post.message).toBe(`POST /v1/tables: answered ${status}: so it is`);
  expect(failures.server.received.length).toBe(2);
});

test.each([
  [
    { detail: { error: 'plan_required', message: 'Pro only' } },
    'plan_required',
    'plan_required: Pro only',
  ],
  [{ detail: { error: 'payment_failed' } }, 'payment_failed', 'payment_failed'],
  [{ detail: { error: 'insufficient_credits' } }, 'insufficient_credits', 'insufficient_credits'],
  [{ detail: 'Insufficient credits' }, 'insufficient_credits', 'Insufficient credits'],
  [{ error: 'plan_required' }, 'plan_required', 'plan_required'],
  [
    { success: false, message: 'Pro only', error: 'plan_required' },
    'plan_required',
    'plan_required: Pro only',
  ],
  [{ detail: { error: 'token_quota_gone' } }, 'payment_failed', 'token_quota_gone'],
  [{ detail: { error: 'unauthorized' } }, 'payment_failed', 'unauthorized'],
  [{ detail: 402 }, 'payment_failed', null],
])('402 with %j is %s', async (body, code, reason) => {
  const { get: failure } = await failuresOf(json(body, 402));
  expect(failure.code).toBe(code);
  expect(failure.what).toBe(reason === null ? 'answered 402' : `answered 402: ${reason}`);
});

test('FastAPI details are shortened without what was sent', async () => {
  const detail = Array.from({ length: 7 }, (_, row) => ({
    loc: ['body', 'rows', row, 'data'],
    msg: 'Field required',
    input: 'private',
  }));
  const { post: failure } = await failuresOf(json({ detail }, 422));
  expect(failure.what).toBe(
    'answered 422: body.rows.0.data: Field required; body.rows.1.data: Field required; ' +
      'body.rows.2.data: Field required; … and 4 more',
  );
});

test('a reason is quoted short and without control characters', async () => {
  const detail = `\u001b[31mred\u001b[0m\u0007\r\n\u202etwo ${'😀'.repeat(400)}`;
  const { get: failure } = await failuresOf(json({ detail }, 400));
  const reason = failure.what.replace('answered 400: ', '');
  expect(reason.startsWith('red two 😀')).toBe(true);
  expect(Array.from(reason).length).toBe(300);
  expect(reason.endsWith('😀…')).toBe(true);
});

test.each([
  ['text/html', '<html><body>Bad gateway at 10.1.2.3</body></html>'],
  ['text/plain', '  <!DOCTYPE html><p>Bad gateway</p>'],
])('an HTML page is never quoted (%s)', async (type, page) => {
  const { get: failure } = await failuresOf(raw(page, 502, { 'content-type': type }));
  expect(failure.what).toBe('answered 502');
});

test('an endless error page is not read to its end', async () => {
  const { get: failure } = await failuresOf((res) => {
    res.writeHead(503, { 'content-type': 'text/html' });
    const more = (): void => {
      while (!res.destroyed && res.write('x'.repeat(65_536)));
      if (!res.destroyed) res.once('drain', more);
    };
    more();
  });
  expect(failure.code).toBe('provider_unavailable');
});

test('a broken error body does not hide the status', async () => {
  const failures = await failuresOf((res) => {
    res.writeHead(401, { 'content-length': '1000', 'content-type': 'application/json' });
    res.write('{"detail":', () => res.destroy());
  });
  expect(failures.get.code).toBe('unauthorized');
});

test.each(['x-request-id', 'request-id', 'cf-ray'])(
  'the request id of %s is in the error',
  async (name) => {
    const { get: failure } = await failuresOf(json({}, 500, { [name]: 'req-77' }));
    expect(failure).toMatchObject({
      requestId: 'req-77',
      what: 'answered 500 (request id req-77)',
    });
  },
);

test.each([
  [429, '3', 3000],
  [429, '99999', 3_600_000],
  [503, '4', 4000],
  [429, null, null],
  [500, '4', null],
])('%i with Retry-After %p waits %p ms', async (status, header, ms) => {
  const headers: Record<string, string> = header === null ? {} : { 'retry-after': header };
  const server = await serve(json({}, status, headers));
  expect((await failureOf(get(clientOf(server.url)))).retryAfterMs).toBe(ms);
});

test('429 with a date waits until then', async () => {
  const at = new Date(Date.now() + 90_000).toUTCString();
  const server = await serve(json({}, 429, { 'retry-after': at }));
  const ms = (await failureOf(get(clientOf(server.url)))).retryAfterMs;
  expect(ms).toBeGreaterThan(80_000);
  expect(ms).toBeLessThanOrEqual(90_000);
});

test('429 stops all requests of the token at once', async () => {
  const server = await serve(json({}, 429, { 'retry-after': '600' }));
  const limiter = createLimiter();
  await failureOf(get(clientOf(server.url, { limiter })));
  const other = await failureOf(post(clientOf(server.url, { limiter })));
  expect(other).toMatchObject({ code: 'rate_limited', ambiguous: false });
  expect(other.retryAfterMs).toBeGreaterThan(590_000);
  expect(server.received.length).toBe(1);
});

test.each([
  ['429 that names no time', json({}, 429)],
  ['429 with Retry-After', json({}, 429, { 'retry-after': '1' })],
  ['503 with Retry-After', json({}, 503, { 'retry-after': '1' })],
])('%s halves the pace of all requests of the token', async (_, reply) => {
  const server = await serve(reply);
  const limiter = createLimiter({ ratePerSecond: 10 });
  await failureOf(get(clientOf(server.url, { limiter })));
  expect(limiter.pace.perSecond).toBe(5);
});

test.each([500, 502, 503, 404])('a %d leaves the pace as it is', async (status) => {
  const server = await serve(json({}, status));
  const limiter = createLimiter({ ratePerSecond: 10 });
  await failureOf(get(clientOf(server.url, { limiter })));
  expect(limiter.pace.perSecond).toBe(10);
});

test('a token does not travel with a redirect', async () => {
  const elsewhere = await serve(json({}));
  const server = await serve(json({}, 307, { location: `${elsewhere.url}/login?secret=1` }));
  const failure = await failureOf(post(clientOf(server.url)));
  expect(failure).toMatchObject({ code: 'request_refused', ambiguous: false });
  expect(failure.what).toBe(`answered 307, a redirect to ${elsewhere.url}`);
  expect(elsewhere.received.length).toBe(0);
});
