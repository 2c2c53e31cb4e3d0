import { STATUS_CODES } from 'node:http';
import type { Outgoing } from '../intercept.ts';
import type { RequestRule } from './script.ts';

type Rule<K extends RequestRule['fault']> = Extract<RequestRule, { fault: K }>;

const json = (status: number, detail: unknown, headers: Record<string, string> = {}): Outgoing => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify({ detail }),
});

/** What a gateway in front of the API says: no JSON. */
export const html = (status: number): Outgoing => {
  const title = `${status} ${STATUS_CODES[status] ?? 'Error'}`;
  return {
    status,
    headers: { 'content-type': 'text/html' },
    body: `<html>\n<head><title>${title}</title></head>\n<body><h1>${title}</h1></body>\n</html>\n`,
  };
};

export function errorReply({ status, body }: Rule<'error'>): Outgoing {
  if (body === 'html') return html(status);
  if (body === 'json') return json(status, STATUS_CODES[status] ?? 'Error');
  return { status, headers: {}, body: '' };
}

export function rateLimit({ retryAfter, seconds }: Rule<'rate-limit'>): Outgoing {
  const at = new Date(Date.now() + seconds * 1_000);
  const headers = {
    seconds: { 'retry-after': String(seconds) },
    date: { 'retry-after': at.toUTCString() },
    none: {},
  };
  return json(429, 'Too many requests', headers[retryAfter]);
}

const PAYMENT = {
  plan_required: 'Your plan does not include this.',
  payment_failed: 'The last payment failed.',
  insufficient_credits: 'Not enough credits to run this table.',
};

export const payment = ({ reason }: Rule<'payment'>): Outgoing =>
  json(402, { error: reason, message: PAYMENT[reason] });

export const denied = ({ status }: Rule<'denied'>): Outgoing =>
  status === 401
    ? json(401, 'Invalid authentication credentials', { 'www-authenticate': 'Bearer' })
    : json(403, 'Not allowed');
