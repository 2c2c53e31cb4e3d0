import { RowmillSchedules } from '../../client/rowmill-schedules.ts';
import { ownerSeen } from '../auth.ts';
import type { App, Gateway } from '../gateway.ts';
import { problems } from '../openapi.ts';
import { linksOf } from './runs.ts';
import {
  backfillBody,
  backfilled,
  heldSchedule,
  noteQuery,
  schedulePath,
  triggered,
  triggerHeaders,
} from '../schemas/schedules.ts';
import { noQuery } from '../schemas/requests.ts';

type Hold = (schedules: RowmillSchedules, name: string, note?: string) => Promise<void>;

const HOLDS: readonly { action: string; summary: string; paused: boolean; act: Hold }[] = [
  {
    action: 'pause',
    summary: 'Start no run until it is resumed; runs in progress go on',
    paused: true,
    act: (schedules, name, note) => schedules.pause(name, note),
  },
  {
    action: 'resume',
    summary: 'Start runs again; those of the pause are not made up for',
    paused: false,
    act: (schedules, name, note) => schedules.resume(name, note),
  },
];

/** Adds the operator actions on a schedule. */
export function addScheduleActions(app: App, { temporal }: Gateway): void {
  for (const { action, summary, paused, act } of HOLDS) {
    app.post(
      `/v1/schedules/:name/${action}`,
      {
        config: { scope: 'act' },
        schema: {
          operationId: `${action}Schedule`,
          summary,
          tags: ['schedules'],
          params: schedulePath,
          querystring: noteQuery,
          response: {
            200: heldSchedule.describe('Done; also when it was so before.'),
            ...problems(400, 401, 404, 415, 429, 503),
          },
        },
      },
      async (request) => {
        const { name } = request.params;
        await temporal.withClient(async ({ schedules }) => {
          await schedules.refuseOthers(name, ownerSeen(request));
          await act(schedules, name, request.query.note);
        });
        return { name, paused };
      },
    );
  }

  app.post(
    '/v1/schedules/:name/trigger',
    {
      config: { scope: 'start' },
      schema: {
        operationId: 'triggerSchedule',
        summary: 'Start a run now, also of a paused schedule; 409 while its run is in progress',
        tags: ['schedules'],
        description:
          'With an Idempotency-Key it can be sent again: the same key is the same run. A run that failed is started again by its key.',
        params: schedulePath,
        querystring: noQuery,
        headers: triggerHeaders,
        response: {
          200: triggered.describe('The run of this key was there already.'),
          201: triggered.describe('The run was started.'),
          ...problems(400, 401, 404, 409, 415, 429, 503),
        },
      },
    },
    async (request, reply) => {
      const { name } = request.params;
      const key = request.headers['idempotency-key'];
      const { workflowId: id, attached } = await temporal.withClient(async ({ schedules }) => {
        await schedules.refuseOthers(name, ownerSeen(request));
        return schedules.trigger(name, key === undefined ? {} : { key });
      });
      const links = linksOf(id);
      return reply
        .code(attached ? 200 : 201)
        .header('location', links.self)
        .send({ name, id, attached, links });
    },
  );

  app.post(
    '/v1/schedules/:name/backfill',
    {
      config: { scope: 'start' },
      schema: {
        operationId: 'backfillSchedule',
        summary: 'Start the runs of a span of time that have not taken place',
        description:
          'A time that has its run gets none. While runs of an earlier backfill wait to start it is 409.',
        tags: ['schedules'],
        params: schedulePath,
        querystring: noQuery,
        body: backfillBody,
        response: {
          202: backfilled.describe('They start, one after the other.'),
          ...problems(400, 401, 404, 409, 413, 415, 429, 503),
        },
      },
    },
    async (request, reply) => {
      const { name } = request.params;
      const { maxRuns: maxRuns } = request.body;
      const span = RowmillSchedules.readSpan(request.body, (edge) => `body/${edge}`);
      const { due, existing } = await temporal.withClient(async ({ schedules }) => {
        await schedules.refuseOthers(name, ownerSeen(request));
        return schedules.backfill(name, {
          ...span,
          ...(maxRuns === undefined ? {} : { maxRuns }),
        });
      });
      const had = existing.map(({ dueAt, workflowId }) => ({ dueAt, id: workflowId }));
      return reply.code(202).send({ name, started: due, existing: had });
    },
  );
}
