import { errors } from 'undici';
import { RowmillError } from '../errors.ts';
import type { ErrorCode, ErrorContext } from '../errors.ts';
import { reasonOf } from './error-body.ts';
import { TotalTimeoutError } from './exchange.ts';
import type { Incoming } from './exchange.ts';
import { codeOf, messageOf, redactedError } from './redaction.ts';
import type { Redact } from './redaction.ts';
import { retryAfterMs } from './retry-after.ts';
import { singleLine, truncate } from './sanitize.ts';

/** Request that an error is about. */
export interface RequestContext {
  /** `POST /v1/tables`, without the query, which may be confidential. */
  where: string;
  /** True unless GET: without a clear reply, the request may have been carried out. */
  mutates: boolean;
  redact: Redact;
  /** Source of the token, for display. */
  tokenVariable?: string | undefined;
}

/** Builds every error of a request, so that no secret leaks into one. */
function requestError(
  place: RequestContext,
  code: ErrorCode,
  what: string,
  context: ErrorContext = {},
): RowmillError {
  const { redact } = place;
  const { cause, requestId, ...rest } = context;
  const id = requestId === undefined ? undefined : truncate(redact(singleLine(requestId)));
  return new RowmillError(code, redact(what) + (id === undefined ? '' : ` (request id ${id})`), {
    ...rest,
    where: redact(place.where),
    ...(id === undefined ? {} : { requestId: id }),
    ...(cause === undefined ? {} : { cause: redactedError(cause, redact) }),
  });
}

/**
 * Codes of 402 (`detail.error`). Any other 402 only means that the provider wants money
 * (`payment_failed`); another code would mislead the operator.
 */
const PAYMENT_WORDS = new Set<ErrorCode>([
  'plan_required',
  'payment_failed',
  'insufficient_credits',
]);

const codeOfStatus = (status: number): ErrorCode => {
  switch (status) {
    case 401:
      return 'unauthorized';
    case 402:
      return 'payment_failed';
    case 403:
      return 'forbidden';
    case 404:
    case 410:
      return 'not_found';
    case 408:
      return 'provider_timeout';
    case 413:
      return 'request_too_large';
    case 429:
      return 'rate_limited';
    default:
      return status >= 500 ? 'provider_unavailable' : 'request_refused';
  }
};

/** Converts a reply that is not 2xx. Only after 408 and 5xx may something have been done. */
export function statusFailure(
  place: RequestContext,
  reply: Incoming & { kind: 'reply' },
): RowmillError {
  const { status, headers } = reply;
  const { text, word } = reasonOf(reply.body, headers['content-type'] ?? '');
  const code = [...PAYMENT_WORDS].find((known) => status === 402 && known === word);
  const waitMs = status === 429 || status === 503 ? retryAfterMs(headers) : null;
  const context: ErrorContext = {
    ambiguous: place.mutates && (status === 408 || status >= 500),
    ...requestIdOf(headers),
    ...(waitMs === null ? {} : { retryAfterMs: waitMs }),
    ...(status === 401 && place.tokenVariable !== undefined
      ? { remedy: `Set a valid ${place.tokenVariable} where the worker runs, and restart it.` }
      : {}),
  };
  if (status < 400) return redirectFailure(place, reply, context);
  const reason = text === null ? '' : `: ${truncate(place.redact(singleLine(text)))}`;
  return requestError(place, code ?? codeOfStatus(status), `answered ${status}${reason}`, context);
}

/**
 * Reports a redirect, which is never followed: the token must not reach another host, nor a POST
 * become a GET.
 */
function redirectFailure(
  place: RequestContext,
  { status, headers }: Incoming & { kind: 'reply' },
  context: ErrorContext,
): RowmillError {
  const location = headers['location'] ?? '';
  const to =
    /^https?:\/\//i.test(location) && URL.canParse(location) ? new URL(location).origin : null;
  const target = to === null ? '' : ` to ${truncate(singleLine(to))}`;
  return requestError(place, 'request_refused', `answered ${status}, a redirect${target}`, {
    ...context,
    remedy: 'Set the provider’s base URL to its final address; redirects are not followed.',
  });
}

const NO_ANSWER_IN_TIME = [
  TotalTimeoutError,
  errors.HeadersTimeoutError,
  errors.BodyTimeoutError,
] as const;

const isTimeout = (error: Error): boolean =>
  NO_ANSWER_IN_TIME.some((kind) => error instanceof kind);

/**
 * Converts a missing reply: never sent (refused, DNS, TLS, connect timeout), or lost on the way.
 */
export function failedFailure(place: RequestContext, sent: boolean, error: Error): RowmillError {
  const context = { cause: error, ambiguous: sent && place.mutates };
  if (error instanceof errors.HTTPParserError) {
    return requestError(place, 'reply_unreadable', 'the reply is not HTTP', context);
  }
  const late = isTimeout(error);
  const code = codeOf(error);
  const name = code === null || messageOf(error).includes(code) ? '' : `${code}: `;
  const reason = truncate(place.redact(singleLine(name + messageOf(error))));
  const what = sent ? (late ? 'no answer in time' : 'the connection broke') : 'no connection';
  return requestError(
    place,
    late ? 'provider_timeout' : 'provider_unreachable',
    `${what} (${reason})`,
    context,
  );
}

/** Converts a 2xx with an incomplete body. */
export function incompleteFailure(
  place: RequestContext,
  reply: Incoming & { kind: 'reply' },
): RowmillError {
  const context = { ambiguous: place.mutates, ...requestIdOf(reply.headers) };
  if (reply.incomplete?.why !== 'failed') {
    return requestError(
      place,
      'reply_too_large',
      `answered ${reply.status} with too long a body`,
      context,
    );
  }
  const { error } = reply.incomplete;
  const late = isTimeout(error);
  return requestError(
    place,
    late ? 'provider_timeout' : 'provider_unreachable',
    `answered ${reply.status}, but the body ${late ? 'did not come in time' : 'broke off'} after ${reply.body.length} bytes`,
    { ...context, cause: error },
  );
}

/** Converts a 2xx that cannot be used. */
export function unreadableFailure(
  place: RequestContext,
  headers: Record<string, string>,
  what: string,
): RowmillError {
  return requestError(place, 'reply_unreadable', what, {
    ambiguous: place.mutates,
    ...requestIdOf(headers),
  });
}

const requestIdOf = (headers: Record<string, string>): { requestId?: string } => {
  const id = headers['x-request-id'] ?? headers['request-id'] ?? headers['cf-ray'];
  return id === undefined || id.trim() === '' ? {} : { requestId: id };
};
