import type { Api } from '../api.ts';
import { bearerIn } from '../http/auth.ts';
import { extructFaultAdapter } from './fault-adapter.ts';
import { extructRoutes } from './routes.ts';

export const extruct: Api = {
  name: 'extruct',
  root: '/v1/',
  auth: bearerIn,
  routes: extructRoutes,
  adapter: extructFaultAdapter,
};
