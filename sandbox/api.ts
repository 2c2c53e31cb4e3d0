import type { IncomingHttpHeaders } from 'node:http';
import type { FaultAdapter } from './faults/adapter.ts';
import type { Route } from './http/route.ts';

/** The token of a request, where an API wants it; `undefined`: there is none. */
export type TokenIn = (headers: IncomingHttpHeaders) => string | undefined;

/** One of the APIs that the sandbox stands in for. */
export interface Api {
  /** By which options name its token. */
  readonly name: string;
  /** Where all its paths begin. */
  readonly root: string;
  readonly auth: TokenIn;
  readonly routes: readonly Route[];
  readonly adapter: FaultAdapter;
}
