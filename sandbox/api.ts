import type { IncomingHttpHeaders } from 'node:http';
import type { FaultAdapter } from './faults/adapter.ts';
import type { Route } from './http/route.ts';

/** The token of a request, where an API wants it; `undefined`: there is none. */
export type TokenIn = (headers: IncomingHttpHeaders) => string | undefined;

/** API that the sandbox serves. */
export interface Api {
  /** Name by which options refer to its token. */
  readonly name: string;
  /** Prefix of all its paths. */
  readonly root: string;
  readonly auth: TokenIn;
  readonly routes: readonly Route[];
  readonly adapter: FaultAdapter;
}
