import { ownerSeen } from '../callers.ts';
import type { App, Gateway } from '../gateway.ts';
import { problems } from '../openapi.ts';
import { adjusted } from '../answer-schemas.ts';
import { adjustBody, noQuery, runPath } from '../request-schemas.ts';

/** Other limits for a run that lives. */
export function addAdjust(app: App, { temporal }: Gateway): void {
  app.post(
    '/v1/runs/:id/adjust',
    {
      config: { scope: 'act' },
      schema: {
        operationId: 'adjustRun',
        summary: 'Change the deadline of a run, or the longest time between two polls',
        tags: ['actions'],
        params: runPath,
        querystring: noQuery,
        body: adjustBody,
        response: {
          200: adjusted.describe('The limits from now on.'),
          ...problems(400, 401, 404, 409, 413, 415, 429, 503),
        },
      },
    },
    async (request) => {
      const { id } = request.params;
      const { deadline, maxPollInterval: maxPollInterval } = request.body;
      const owner = ownerSeen(request);
      const { deadlineAtMs, maxPollIntervalMs } = await temporal.withClient(async (rowmill) => {
        const run = await rowmill.attach(id, { owner });
        return run.adjust({
          ...(deadline === undefined ? {} : { deadline }),
          ...(maxPollInterval === undefined ? {} : { maxPollInterval }),
        });
      });
      return {
        id,
        deadlineAt: new Date(deadlineAtMs).toISOString(),
        maxPollIntervalMs: maxPollIntervalMs,
      };
    },
  );
}
