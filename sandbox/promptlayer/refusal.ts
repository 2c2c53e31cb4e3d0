import type { Problem } from '../problem.ts';

const WORDS: Record<number, string> = {
  400: 'bad_request',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  429: 'too_many_requests',
};

/** Its own shape of errors, with FastAPI's for what does not fit the schema. */
export function refusal({ status, detail }: Problem): object {
  if (Array.isArray(detail)) return { detail };
  const said = typeof detail === 'string' ? detail : detail['message'];
  const message = typeof said === 'string' ? said : 'Error';
  const error = typeof detail === 'string' ? null : detail['error'];
  return { success: false, message, error: error ?? WORDS[status] ?? message };
}
