import { z } from 'zod';
import type { App, Gateway } from '../gateway.ts';
import { noQuery } from '../schemas/requests.ts';

const ready = z
  .object({ ready: z.boolean(), checks: z.record(z.string(), z.string()) })
  .meta({ id: 'Readiness' });

/** Adds the health checks, which need no token. */
export function addHealth(app: App, { readiness, hostPaths }: Gateway): void {
  const config = { open: true, unlimited: true };
  app.get(
    '/healthz',
    {
      config,
      schema: {
        operationId: 'health',
        summary: 'Whether the process lives',
        tags: ['health'],
        security: [],
        querystring: noQuery,
        response: { 200: z.object({ live: z.boolean() }).describe('It lives.') },
      },
    },
    () => ({ live: true }),
  );
  app.get(
    '/readyz',
    {
      config,
      schema: {
        operationId: 'ready',
        summary: 'Whether Temporal and the store answer',
        tags: ['health'],
        security: [],
        querystring: noQuery,
        response: { 200: ready.describe('Ready.'), 503: ready.describe('Not ready, and why.') },
      },
    },
    async (_request, reply) => {
      const report = hostPaths.hideIn(await readiness.read());
      return reply.code(report.ready ? 200 : 503).send(report);
    },
  );
}
