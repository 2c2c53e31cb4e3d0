import type { FastifyError } from 'fastify';
import { errorOfServer } from '../temporal/server-error.ts';
import { errorEntry, RowmillError, type ErrorCode } from '../errors.ts';
import { SpecError, type SpecIssue } from '../spec/index.ts';

/** Media type of RFC 9457. */
export const PROBLEM_TYPE = 'application/problem+json';

/** Problem of RFC 9457 with rowmill's code and remedy. */
export interface Problem {
  /** `urn:rowmill:error:<code>` */
  type: string;
  /** Meaning of the code. */
  title: string;
  status: number;
  /** Cause of this occurrence. */
  detail: string;
  code: ErrorCode;
  remedy: string;
  where: string | null;
  /** Request id, also in the log and in X-Request-Id. */
  requestId: string;
  /** Mistakes of a pipeline, all of them. */
  issues?: Pick<SpecIssue, 'path' | 'found' | 'allowed' | 'suggestion' | 'line' | 'column'>[];
}

const STATUS: Partial<Record<ErrorCode, number>> = {
  usage: 400,
  http_bad_request: 400,
  http_unauthorized: 401,
  http_forbidden: 403,
  http_not_allowed: 403,
  http_not_found: 404,
  run_not_found: 404,
  schedule_not_found: 404,
  results_missing: 404,
  http_method_not_allowed: 405,
  http_not_acceptable: 406,
  run_conflict: 409,
  schedule_conflict: 409,
  action_refused: 409,
  http_body_too_large: 413,
  http_too_costly: 413,
  http_headers_too_large: 431,
  http_overloaded: 503,
  http_timeout: 408,
  http_media_type: 415,
  http_range: 416,
  spend_refused: 422,
  http_rate_limited: 429,
  internal: 500,
};

/**
 * Maps a code to a status: 422 for a mistake of the caller, 503 if waiting may help, otherwise 5xx.
 */
export function statusOf(code: ErrorCode): number {
  const { exit, retryable } = errorEntry(code);
  return STATUS[code] ?? (exit === 2 ? 422 : retryable ? 503 : 500);
}

export function problemOf(error: RowmillError, requestId: string): Problem {
  const { code, what, remedy, where } = error;
  const defect = code === 'internal';
  return {
    type: `urn:rowmill:error:${code}`,
    title: errorEntry(code).meaning,
    status: statusOf(code),
    detail: defect ? 'See the log of the gateway for this request.' : what,
    code,
    remedy,
    where: defect ? null : where,
    requestId,
    ...(error instanceof SpecError ? { issues: error.issues.map((issue) => ({ ...issue })) } : {}),
  };
}

/** Converts any error of a request to a RowmillError. */
export function errorOfRequest(error: unknown): RowmillError {
  const known = error instanceof RowmillError ? error : errorOfServer(error);
  if (known?.code === 'temporal_unreachable') return unreachable(known);
  if (known !== null) return known;
  if (isFastifyError(error)) return errorOfFastify(error);
  const what = error instanceof Error ? error.message : String(error);
  return new RowmillError('internal', what, { cause: error });
}

/** Address and namespace of the server are for the operator, not for the caller. */
const unreachable = (cause: RowmillError): RowmillError =>
  new RowmillError('temporal_unreachable', 'the Temporal server does not answer', {
    remedy: 'Try again in a while; the gateway finds the server by itself.',
    cause,
  });

function errorOfFastify(error: FastifyError): RowmillError {
  const { validation, validationContext, code, statusCode = 500 } = error;
  if (validation !== undefined) {
    const [first] = validation;
    const extra = first?.params['additionalProperty'];
    const name = typeof extra === 'string' ? `: ${extra.slice(0, 80)}` : '';
    const place = `${validationContext ?? 'request'}${first?.instancePath ?? ''}`;
    return new RowmillError('http_bad_request', `${first?.message ?? 'not allowed'}${name}`, {
      where: place.replace('querystring', 'query').slice(0, 200),
      cause: error,
    });
  }
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return new RowmillError('http_body_too_large', 'the body is too large', { cause: error });
  }
  if (code === 'FST_UNDER_PRESSURE') {
    return new RowmillError('http_overloaded', 'the gateway is under pressure', { cause: error });
  }
  if (code === 'FST_ERR_BAD_URL') {
    return new RowmillError('http_bad_request', 'the path is not percent-encoded UTF-8', {
      where: 'path',
      cause: error,
    });
  }
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return new RowmillError('http_media_type', 'the body is of another type', { cause: error });
  }
  if (statusCode < 500) {
    return new RowmillError('http_bad_request', error.message, { cause: error });
  }
  return new RowmillError('internal', error.message, { cause: error });
}

const isFastifyError = (error: unknown): error is FastifyError =>
  error instanceof Error && 'statusCode' in error;
