import type { Webhook } from 'standardwebhooks';
import type { Notification } from '../contract/notifications.ts';
import type { NotifyTarget } from '../contract/notify.ts';
import { RowmillError } from '../errors.ts';
import { sendOnce } from '../http/exchange.ts';
import { connectionTo } from '../outbound/connection.ts';
import { endpointOf, type Env, type Endpoint } from './endpoint.ts';
import { slackMessage } from './slack-message.ts';

export interface Delivery {
  target: NotifyTarget;
  /** Id that stays equal across retries, by which receivers detect repeats. */
  id: string;
  body: Notification;
  /** Page of the run in the Temporal UI; `null`: its address is unknown. */
  ui: string | null;
  signal: AbortSignal;
}

/** Sender of webhooks with the secrets and rules of one environment. */
export interface Webhooks {
  /** @throws RowmillError `webhook_failed` (retryable), `webhook_refused` (not) */
  send(delivery: Delivery): Promise<void>;
}

const TOTAL_MS = 15_000;
/** Maximum bytes of a body, far above any summary, and of a reply that is read. */
const MAX_BODY_BYTES = 256 * 1024;
const MAX_REPLY_BYTES = 64 * 1024;

export function createWebhooks(env: Env): Webhooks {
  return {
    async send({ target, id, body, ui, signal }) {
      const endpoint = endpointOf(target, env);
      const text = JSON.stringify('slack' in target ? slackMessage(body, ui) : withLink(body, ui));
      if (Buffer.byteLength(text) > MAX_BODY_BYTES) {
        const { where } = endpoint;
        const what = `the message is over ${MAX_BODY_BYTES} bytes`;
        throw new RowmillError('webhook_refused', what, { where });
      }
      const signature = endpoint.signer === null ? {} : signedHeaders(id, text, endpoint.signer);
      await post(endpoint, { 'content-type': 'application/json', ...signature }, text, signal);
    },
  };
}

/** The body of a run's end is the summary, as it always was. */
const withLink = (body: Notification, ui: string | null): object =>
  body.type === 'run.finished' || ui === null ? body : { ...body, data: { ...body.data, ui } };

function signedHeaders(id: string, text: string, signer: Webhook): Record<string, string> {
  const now = new Date();
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
    'webhook-signature': signer.sign(id, now, text),
  };
}

async function post(
  { url, where, rules }: Endpoint,
  headers: Record<string, string>,
  body: string,
  signal: AbortSignal,
): Promise<void> {
  const pool = connectionTo(url, rules);
  try {
    const reply = await sendOnce(pool, {
      origin: url.origin,
      method: 'POST',
      path: `${url.pathname}${url.search}`,
      headers: { 'user-agent': 'rowmill', ...headers },
      body,
      signal,
      totalTimeoutMs: TOTAL_MS,
      maxBodyBytes: MAX_REPLY_BYTES,
      onSent: () => undefined,
    });
    if (reply.kind === 'failed') throw brokenBy(reply.error, where);
    judge(reply.status, where);
  } finally {
    await pool.destroy();
  }
}

function brokenBy(error: Error, where: string): RowmillError {
  if (error instanceof RowmillError) {
    return new RowmillError(error.code, error.what, { where, remedy: error.remedy });
  }
  const code = 'code' in error && typeof error.code === 'string' ? ` (${error.code})` : '';
  return new RowmillError('webhook_failed', `no answer${code}`, { where, cause: error });
}

function judge(status: number, where: string): void {
  if (status >= 200 && status < 300) return;
  if (status >= 300 && status < 400) {
    throw new RowmillError('webhook_refused', `answered ${status}: redirects are not followed`, {
      where,
      remedy: 'Give the address that it leads to in the pipeline file.',
    });
  }
  if (status === 410) {
    throw new RowmillError('webhook_refused', 'answered 410: it is gone', {
      where,
      remedy: 'Take it out of the pipeline file.',
    });
  }
  throw new RowmillError('webhook_failed', `answered ${status}`, { where });
}
