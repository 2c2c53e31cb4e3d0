import type { Api } from './api.ts';
import { extructDialect } from './extruct/dialect.ts';
import { extructRoutes } from './extruct/routes.ts';
import type { Dialect } from './faults/dialect.ts';
import { promptLayerDialect } from './promptlayer/dialect.ts';
import { promptLayerRoutes } from './promptlayer/routes.ts';

export const APIS: readonly Api[] = [
  { root: '/v1/', routes: extructRoutes, dialect: extructDialect },
  { root: '/api/public/v2/', routes: promptLayerRoutes, dialect: promptLayerDialect },
];

/** Of the API that a route belongs to. */
export function dialectOf(route: string): Dialect {
  const api = APIS.find(({ root }) => route.startsWith(root));
  if (api === undefined) throw new Error(`No API has ${route}`);
  return api.dialect;
}
