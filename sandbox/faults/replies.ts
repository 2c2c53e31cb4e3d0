import { STATUS_CODES } from 'node:http';
import type { Outgoing } from '../http/intercept.ts';
import { Problem } from '../http/problem.ts';
import type { RequestRule } from './script.ts';

type Rule<K extends RequestRule['fault']> = Extract<RequestRule, { fault: K }>;

/** Says what the API's own words are for an error. */
type Refusal = (problem: Problem) => object;

export const problemReply = (refusal: Refusal, problem: Problem): Outgoing => ({
  status: problem.status,
  headers: { 'content-type': 'application/json', ...problem.headers },
  body: JSON.stringify(refusal(problem)),
});

/** Returns the HTML page of a gateway in front of the API. */
export const html = (status: number): Outgoing => {
  const title = `${status} ${STATUS_CODES[status] ?? 'Error'}`;
  return {
    status,
    headers: { 'content-type': 'text/html' },
    body: `<html>\n<head><title>${title}</title></head>\n<body><h1>${title}</h1></body>\n</html>\n`,
  };
};

export function errorReply(
  { status, body }: Pick<Rule<'error'>, 'status' | 'body'>,
  refusal: Refusal,
): Outgoing {
  if (body === 'html') return html(status);
  if (body === 'empty') return { status, headers: {}, body: '' };
  return problemReply(refusal, new Problem(status, STATUS_CODES[status] ?? 'Error'));
}

/**
 * Builds the reply to a refused request. With a success status only the body shows the refusal; a
 * redirect leads elsewhere.
 */
export function refusedReply(
  { status, body }: Pick<Rule<'refuse'>, 'status' | 'body'>,
  refusal: Refusal,
): Outgoing {
  const problem = new Problem(status, STATUS_CODES[status] ?? 'Refused', {
    ...(status >= 300 && status < 400 ? { location: 'https://moved.invalid/' } : {}),
  });
  if (body === 'json') {
    const says = status < 300 ? () => ({ error: 'Something went wrong' }) : refusal;
    return problemReply(says, problem);
  }
  const page = body === 'html' ? html(status) : { status, headers: {}, body: '' };
  return { ...page, headers: { ...page.headers, ...problem.headers } };
}

export function rateLimit({ retryAfter, seconds }: Rule<'rate-limit'>, refusal: Refusal): Outgoing {
  const at = new Date(Date.now() + seconds * 1_000);
  const headers = {
    seconds: { 'retry-after': String(seconds) },
    date: { 'retry-after': at.toUTCString() },
    nonsense: { 'retry-after': 'soon, perhaps 5' },
    none: {},
  };
  return problemReply(refusal, new Problem(429, 'Too many requests', headers[retryAfter]));
}

const PAYMENT = {
  plan_required: 'Your plan does not include this.',
  payment_failed: 'The last payment failed.',
  insufficient_credits: 'Not enough credits to run this table.',
};

export const payment = ({ reason }: Rule<'payment'>, refusal: Refusal): Outgoing =>
  problemReply(refusal, new Problem(402, { error: reason, message: PAYMENT[reason] }));

export function denied({ status }: Rule<'denied'>, refusal: Refusal): Outgoing {
  const problem =
    status === 401
      ? new Problem(401, 'Invalid authentication credentials', { 'www-authenticate': 'Bearer' })
      : new Problem(403, 'Not allowed');
  return problemReply(refusal, problem);
}
