import type { Api } from './api.ts';
import { extruct } from './extruct/api.ts';
import type { FaultAdapter } from './faults/adapter.ts';
import { promptLayer } from './promptlayer/api.ts';

/** APIs that the sandbox serves. Their state and mutations are in `API_STATES` and `MUTATIONS`. */
export const APIS: readonly Api[] = [extruct, promptLayer];

/** Returns the fault adapter of the API that a route belongs to. */
export function adapterOf(route: string): FaultAdapter {
  const api = APIS.find(({ root }) => route.startsWith(root));
  if (api === undefined) throw new Error(`No API has ${route}`);
  return api.adapter;
}
