import type { JsonObject } from '../json.ts';

/** Entry of FastAPI's `HTTPValidationError`. */
export interface Invalid {
  loc: (string | number)[];
  msg: string;
  type: string;
}

/** A refusal as the API words it: `{"detail": …}` under an HTTP status. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly status: number;
  readonly detail: string | JsonObject | Invalid[];
  readonly headers: Record<string, string>;

  constructor(
    status: number,
    detail: string | JsonObject | Invalid[],
    headers: Record<string, string> = {},
  ) {
    super(`${status}: ${typeof detail === 'string' ? detail : JSON.stringify(detail)}`);
    this.status = status;
    this.detail = detail;
    this.headers = headers;
  }
}

export const invalid = (loc: Invalid['loc'], msg: string, type = 'value_error'): Problem =>
  new Problem(422, [{ loc, msg, type }]);

export const notFound = (what: string): Problem => new Problem(404, `${what} not found`);
