import type { Api } from '../api.ts';
import { bearerIn } from '../gate.ts';
import { extructFaultAdapter } from './dialect.ts';
import { extructRoutes } from './routes.ts';

export const extruct: Api = {
  name: 'extruct',
  root: '/v1/',
  auth: bearerIn,
  routes: extructRoutes,
  adapter: extructFaultAdapter,
};
