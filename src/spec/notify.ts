import { z } from 'zod';
import type { NotifyTarget } from '../contract/notify.ts';
import { OUTCOMES } from '../contract/outcome.ts';

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

export const notifyFile = z
  .array(
    z
      .strictObject({
        url: z
          .string(URL_ALLOWED)
          .max(2_000)
          .refine(isWebhookUrl, URL_ALLOWED)
          .describe('Where the webhook is sent: https, without credentials.'),
        on: z
          .array(z.enum(OUTCOMES).describe('An outcome of a run.'))
          .min(1)
          .optional()
          .describe('Only after these outcomes. Default: every one.'),
        secretEnv: z
          .string(VARIABLE_ALLOWED)
          .regex(/^ROWMILL_WEBHOOK_SECRET(?!.*_ORIGINS$)(_[A-Z0-9_]{1,60})?$/, VARIABLE_ALLOWED)
          .optional()
          .describe(
            `Environment variable of the worker with the secret. Default ${DEFAULT_SECRET_ENV}.`,
          ),
      })
      .describe('One receiver.'),
  )
  .min(1)
  .max(10)
  .describe('Receivers of a signed webhook when a run has ended.');

export const notifyOf = (file: z.output<typeof notifyFile>): NotifyTarget[] =>
  file.map(({ url, on, secretEnv }) => ({
    url,
    on: on ?? [...OUTCOMES],
    secretEnv: secretEnv ?? DEFAULT_SECRET_ENV,
  }));
