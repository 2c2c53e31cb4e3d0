import { z } from 'zod';
import { NOTIFY_EVENTS, type NotifyTarget } from '../../contract/notify.ts';
import { OUTCOMES } from '../../contract/outcome.ts';

const DEFAULT_SECRET_ENV = 'ROWMILL_WEBHOOK_SECRET';

const URL_ALLOWED = 'an https URL without credentials or fragment';
const VARIABLE_ALLOWED =
  'ROWMILL_WEBHOOK_SECRET, or a name that begins with ROWMILL_WEBHOOK_SECRET_ and does not end in _ORIGINS';

/** Accepts plain http, too: the worker decides by its settings. */
function isWebhookUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return (
    ['https:', 'http:'].includes(url.protocol) &&
    url.username === '' &&
    url.password === '' &&
    url.hash === ''
  );
}

const SLACK_ALLOWED =
  'SLACK_WEBHOOK_URL, or a name that begins with SLACK_WEBHOOK_URL_ and does not end in _FILE';

const events = (preset: string) =>
  z
    .array(z.enum(NOTIFY_EVENTS).describe('An outcome, or what a person is needed for.'))
    .min(1)
    .optional()
    .describe(`Only at these events. Default: ${preset}.`);

const receiver = z
  .strictObject({
    url: z
      .string(URL_ALLOWED)
      .max(2_000)
      .refine(isWebhookUrl, URL_ALLOWED)
      .optional()
      .describe('Where a signed webhook is sent: https, without credentials.'),
    slack: z
      .string(SLACK_ALLOWED)
      .regex(/^SLACK_WEBHOOK_URL(?!.*_FILE$)(_[A-Z0-9_]{1,60})?$/, SLACK_ALLOWED)
      .optional()
      .describe('Environment variable of the worker with the incoming webhook of a Slack channel.'),
    on: events('every outcome; of Slack every event'),
    secretEnv: z
      .string(VARIABLE_ALLOWED)
      .regex(/^ROWMILL_WEBHOOK_SECRET(?!.*_ORIGINS$)(_[A-Z0-9_]{1,60})?$/, VARIABLE_ALLOWED)
      .optional()
      .describe(
        `Environment variable of the worker with the secret. Default ${DEFAULT_SECRET_ENV}.`,
      ),
  })
  .superRefine(({ url, slack, secretEnv }, ctx) => {
    if ((url === undefined) === (slack === undefined)) {
      ctx.addIssue({ code: 'custom', path: [], message: 'either `url` or `slack`' });
    } else if (slack !== undefined && secretEnv !== undefined) {
      const message = 'a receiver with `url`: messages to Slack are not signed';
      ctx.addIssue({ code: 'custom', path: ['secretEnv'], message });
    }
  })
  .describe('One receiver: `url` or `slack`.');

export const notifyFile = z
  .array(receiver)
  .min(1)
  .max(10)
  .describe('Receivers of messages: when a run has ended, needs a person, or a night is missing.');

export const notifyOf = (file: z.output<typeof notifyFile>): NotifyTarget[] =>
  file.map(({ url = '', slack, on, secretEnv }) =>
    slack === undefined
      ? { url, on: on ?? [...OUTCOMES], secretEnv: secretEnv ?? DEFAULT_SECRET_ENV }
      : { slack, on: on ?? [...NOTIFY_EVENTS] },
  );
