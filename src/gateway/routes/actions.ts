import { z } from 'zod';
import type { RowmillRun } from '../../client/rowmill-run.ts';
import { MAX_TEXT } from '../../client/runs/update.ts';
import { RowmillError } from '../../errors.ts';
import { grantOf, ownerSeen } from '../auth.ts';
import type { App, Gateway } from '../gateway.ts';
import type { Scope } from '../tokens.ts';
import { problems } from '../openapi.ts';
import { actionResponse, adjusted } from '../schemas/responses.ts';
import { noQuery, runPath, adjustBody } from '../schemas/requests.ts';

interface Action {
  summary: string;
  query: z.ZodType<{ reason?: string | undefined }>;
  /** `start`: the action may request paid cells. */
  scope: Scope;
  /** Executes the action; returns the run that continues. */
  act: (run: RowmillRun, caller: string, reason: string | undefined) => Promise<RowmillRun>;
}

const plain = (
  summary: string,
  scope: Scope,
  act: (run: RowmillRun, caller: string) => Promise<void>,
): Action => ({
  summary,
  scope,
  query: noQuery,
  act: async (run, caller) => {
    await act(run, caller);
    return run;
  },
});

const byOf = (caller: string): string => `gateway ${caller}`;

const ACTIONS: Readonly<Record<string, Action>> = {
  approve: plain('Approve the credits of a run that waits for it', 'approve', (run, caller) =>
    run.approve({ by: byOf(caller) }),
  ),
  pause: {
    scope: 'act',
    summary: 'Hold a run; cells in progress at the provider go on, and so does its deadline',
    query: z.strictObject({
      reason: z.string().min(1).max(MAX_TEXT).optional().describe('Reason, shown to operators.'),
    }),
    act: async (run, caller, reason) => {
      await run.pause({ by: byOf(caller), ...(reason === undefined ? {} : { reason }) });
      return run;
    },
  },
  resume: plain(
    'Let a run go on that is paused, or that waits for credits or credentials',
    'act',
    (run) => run.resume(),
  ),
  rerun: {
    scope: 'start',
    summary: 'Try failed cells again: one more pass, or a new run on the table of one that ended',
    query: noQuery,
    act: (run, caller) => run.rerun({ startedBy: caller }),
  },
  cancel: plain('Stop a run; what is there is published', 'act', (run, caller) =>
    run.cancel({ by: byOf(caller) }),
  ),
};

/** Adds the operator actions on a run; 409 if one does not fit the run's stage. */
export function addActions(app: App, { temporal }: Gateway): void {
  for (const [action, { summary, scope, query, act }] of Object.entries(ACTIONS)) {
    app.post(
      `/v1/runs/:id/${action}`,
      {
        config: { scope },
        schema: {
          operationId: `${action}Run`,
          summary,
          tags: ['actions'],
          params: runPath,
          querystring: query,
          response: {
            202: actionResponse.describe('The run has accepted it.'),
            ...problems(400, 401, 404, 409, 415, 429, 503),
          },
        },
      },
      async (request, reply) => {
        const { caller, params } = request;
        const { reason } = request.query;
        const owner = ownerSeen(request);
        const { scopes } = grantOf(request);
        const run = await temporal.withClient(async (rowmill) => {
          const found = await rowmill.attach(params.id, { owner });
          // The token that started a run may not approve it without its scope.
          if (scope === 'approve' && !scopes.has(scope) && found.startedBy === caller)
            throw ownRun();
          return act(found, caller, reason);
        });
        return reply.code(202).send({ id: run.id, action });
      },
    );
  }
}

const ownRun = (): RowmillError =>
  new RowmillError('http_not_allowed', 'the token may not approve what it started itself', {
    remedy: 'Approve it with another token.',
  });

/** Adds the action that changes the limits of a run in progress. */
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
