import type { Api } from '../api.ts';
import { headerIn } from '../http/auth.ts';
import { promptLayerFaultAdapter } from './fault-adapter.ts';
import { promptLayerRoutes } from './routes.ts';

export const promptLayer: Api = {
  name: 'promptlayer',
  root: '/api/public/v2/',
  auth: headerIn('x-api-key'),
  routes: promptLayerRoutes,
  adapter: promptLayerFaultAdapter,
};
