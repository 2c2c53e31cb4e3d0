import type { SandboxCore } from '../engine/core.ts';

export interface Call {
  params: Record<string, string>;
  query: unknown;
  /** @throws Problem 422 when it is not JSON */
  body: () => unknown;
}

export interface Answer {
  /** @default 200 */
  status?: number;
  body: unknown;
  headers?: Record<string, string>;
}

export interface Route {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  url: string;
  /** Left out: it wants a token, as its API does. */
  auth?: 'none';
  handle: (core: SandboxCore, call: Call) => Answer;
}
