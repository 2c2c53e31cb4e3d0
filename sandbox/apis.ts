import type { Api } from './api.ts';
import { extruct } from './extruct/api.ts';
import type { FaultAdapter } from './faults/adapter.ts';
import { promptLayer } from './promptlayer/api.ts';

/** What the sandbox stands in for. What each keeps and changes: `API_STATES` and `MUTATIONS`. */
export const APIS: readonly Api[] = [extruct, promptLayer];

/** Of the API that a route belongs to. */
export function adapterOf(route: string): FaultAdapter {
  const api = APIS.find(({ root }) => route.startsWith(root));
  if (api === undefined) throw new Error(`No API has ${route}`);
  return api.adapter;
}
