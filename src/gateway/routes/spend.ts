import { Rowmill } from '../../client/rowmill.ts';
import { ownerSeen } from '../auth.ts';
import type { App, Gateway } from '../gateway.ts';
import { problems } from '../openapi.ts';
import { spendQuery } from '../schemas/requests.ts';
import { spendReport } from '../schemas/spend.ts';

/** Adds the route that sums what runs have asked for. */
export function addSpend(app: App, { store }: Gateway): void {
  app.get(
    '/v1/spend',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'getSpend',
        summary: 'Credits that runs asked for, by day, pipeline, column or run',
        description: 'Days are of UTC. A token of one owner sees that owner’s runs.',
        tags: ['spend'],
        querystring: spendQuery,
        response: { 200: spendReport.describe('The sums.'), ...problems(400, 401, 429, 503) },
      },
    },
    (request) => Rowmill.spend({ ...request.query, owner: ownerSeen(request) }, { store }),
  );
}
