import { expect, test } from '@jest/globals';
import { eventually } from '../support/eventually.ts';
import { pipelineOf } from './caller.ts';
import { openForTests } from './opened.ts';
import { expectProblem } from './problem.ts';

const site = openForTests(() => ({ ROWMILL_GATEWAY_BODY_LIMIT: '20000' }));

const adjust = (id: string, body: unknown) =>
  site.caller.send('POST', `/v1/runs/${id}/adjust`, body);

test('only a run in progress gets other limits', async () => {
  const key = `adjusted-${site.testEnv.taskQueue}`;
  await site.caller.start(key, { pipeline: pipelineOf({ spend: { approveAbove: 0 } }) });
  await eventually('the run waits', async () => {
    return (await site.caller.call(`/v1/runs/${key}`)).text.includes('waiting for approval');
  });
  const answer = await adjust(key, { deadline: '3h', maxPollInterval: 5_000 });
  expect(answer).toMatchObject({ status: 200, json: { id: key, maxPollIntervalMs: 5_000 } });
  const leftMs = Date.parse(String(answer.json['deadlineAt'])) - Date.now();
  expect(leftMs).toBeGreaterThan(2 * 3_600_000);
  // Shorter than it has lived, and shorter than the shortest pause between two polls.
  expectProblem(await adjust(key, { deadline: 1 }), 409, 'action_refused');
  expectProblem(await adjust(key, { maxPollInterval: '1ms' }), 409, 'action_refused');
  await site.caller.call(`/v1/runs/${key}/cancel`, { method: 'POST' });
  await site.caller.ended(key);
  expectProblem(await adjust(key, { deadline: '8h' }), 409, 'action_refused');
  expectProblem(await adjust('nobody', { deadline: '8h' }), 404, 'run_not_found');
});

test.each([
  ['nothing', {}],
  ['no duration', { deadline: 'soon' }],
  ['an empty text', { deadline: '' }],
  ['no whole number', { maxPollInterval: 1.5 }],
  ['a negative number', { deadline: -1 }],
  ['a number without end', { deadline: 1e300 }],
  ['null', { deadline: null }],
  ['more than a year', { deadline: '400d' }],
  ['no time at all', { maxPollInterval: '0s' }],
  ['an unknown field', { deadline: '8h', colour: 'red' }],
  ['a list', []],
])('limits that are %s are 400', async (_what, body) => {
  expectProblem(await adjust('nobody', body), 400, 'http_bad_request');
});

test('a body of limits that is no small JSON is refused', async () => {
  const headers = { 'content-type': 'text/plain' };
  const text = { method: 'POST', headers, body: 'deadline=8h' };
  expectProblem(await site.caller.call('/v1/runs/nobody/adjust', text), 415, 'http_media_type');
  const large = { deadline: 'x'.repeat(30_000) };
  expectProblem(await adjust('nobody', large), 413, 'http_body_too_large');
});
