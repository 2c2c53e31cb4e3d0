import { expect, test } from '@jest/globals';
import { checkWebhooks, webhookProblems } from '../../src/cli/doctor/webhooks.ts';
import type { Pipeline } from '../../src/contract/pipeline.ts';

const CHANNEL = 'https://hooks.slack.com/services/T0/B0/secret';

test('doctor names each channel of Slack by its variable and host, never by its address', () => {
  const env = { SLACK_WEBHOOK_URL: CHANNEL, SLACK_WEBHOOK_URL_OPS: 'http://127.0.0.1:1/x' };
  expect(checkWebhooks(env)).toMatchObject([
    { health: 'ok', name: 'slack', text: 'SLACK_WEBHOOK_URL leads to hooks.slack.com' },
    { health: 'fail', name: 'slack', text: expect.stringContaining('it is not https') as unknown },
  ]);
  expect(JSON.stringify(checkWebhooks(env))).not.toContain('secret');
});

test('check names receivers that this environment cannot reach', () => {
  const pipeline = {
    notify: [
      { slack: 'SLACK_WEBHOOK_URL', on: ['failed'] },
      { slack: 'SLACK_WEBHOOK_URL_GTM', on: ['failed'] },
      {
        url: 'https://hooks.example.com/x?token=1',
        on: ['failed'],
        secretEnv: 'ROWMILL_WEBHOOK_SECRET',
      },
    ],
    // Nothing else of it is looked at.
  } as unknown as Pipeline;
  expect(webhookProblems(pipeline, { SLACK_WEBHOOK_URL: CHANNEL })).toMatchObject([
    { url: 'slack:SLACK_WEBHOOK_URL_GTM', what: 'SLACK_WEBHOOK_URL_GTM is not set' },
    { url: 'https://hooks.example.com/x', what: 'ROWMILL_WEBHOOK_SECRET is not set' },
  ]);
});
