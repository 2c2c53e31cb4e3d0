import type { Dialect } from './faults/dialect.ts';
import type { Route } from './route.ts';

/** One of the APIs that the sandbox stands in for. */
export interface Api {
  /** Where all its paths begin. */
  readonly root: string;
  readonly routes: readonly Route[];
  readonly dialect: Dialect;
}
