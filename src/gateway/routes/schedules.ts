import type { ScheduleInfo } from '../../client/schedules/index.ts';
import { RowmillError } from '../../errors.ts';
import type { App, Gateway } from '../gateway.ts';
import { problems } from '../openapi.ts';
import { toRunResponse } from './runs.ts';
import {
  appliedSchedule,
  deletedSchedule,
  schedule,
  scheduleBody,
  scheduleList,
  schedulePath,
} from '../schemas/schedules.ts';
import { noQuery } from '../schemas/requests.ts';
import { grantOf, ownerSeen } from '../auth.ts';
import { bodyBytes } from '../raw-body.ts';

/** Adds the routes that create, list, show and delete schedules. */
export function addSchedules(
  app: App,
  { temporal, validator, hostPaths, bodyLimit }: Gateway,
): void {
  app.put(
    '/v1/schedules/:name',
    {
      config: { scope: 'start', large: true },
      bodyLimit,
      schema: {
        operationId: 'putSchedule',
        summary: 'Make the schedule of a pipeline, or bring it up to date',
        description:
          'Safe to repeat; a pause stays. The name is that of the pipeline, which needs a `schedule`.',
        tags: ['schedules'],
        params: schedulePath,
        querystring: noQuery,
        body: scheduleBody,
        response: {
          200: appliedSchedule.describe('It was there: brought up to date, or as it was.'),
          201: appliedSchedule.describe('It was made.'),
          ...problems(400, 401, 409, 413, 415, 422, 429, 503),
        },
      },
    },
    async (request, reply) => {
      const { name } = request.params;
      const seen = ownerSeen(request);
      const sent = { body: bodyBytes(request), name, owner: grantOf(request).owner };
      const { prepared, owner, replace } = await validator.schedule(sent);
      if (seen !== undefined && owner !== seen) throw otherOwner(seen);
      const answer = await temporal.withClient(async ({ schedules }) => {
        // `replace` never gives access to a schedule of another owner.
        const mayReplace = replace && (seen === undefined || (await schedules.isOf(name, seen)));
        const done = await schedules.applyPrepared(prepared, { owner, replace: mayReplace });
        return { ...done, schedule: toSchedule(await schedules.describe(name)) };
      });
      return reply
        .code(answer.done === 'created' ? 201 : 200)
        .header('location', `/v1/schedules/${name}`)
        .send(hostPaths.hideIn(answer));
    },
  );

  app.get(
    '/v1/schedules',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listSchedules',
        summary: 'All schedules by name, each with its newest run',
        tags: ['schedules'],
        querystring: noQuery,
        response: { 200: scheduleList.describe('All of them.'), ...problems(400, 401, 429, 503) },
      },
    },
    async (request) => {
      const owner = ownerSeen(request);
      const schedules = await temporal.withClient((rowmill) => rowmill.schedules.list({ owner }));
      return hostPaths.hideIn({ schedules: schedules.map(toSchedule) });
    },
  );

  app.get(
    '/v1/schedules/:name',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'getSchedule',
        summary: 'How a schedule stands, with its newest ten runs',
        tags: ['schedules'],
        params: schedulePath,
        querystring: noQuery,
        response: { 200: schedule.describe('The schedule.'), ...problems(400, 401, 404, 429, 503) },
      },
    },
    async (request) => {
      const { name } = request.params;
      const found = await temporal.withClient(async ({ schedules }) => {
        await schedules.refuseOthers(name, ownerSeen(request));
        return schedules.describe(name);
      });
      return hostPaths.hideIn(toSchedule(found));
    },
  );

  app.delete(
    '/v1/schedules/:name',
    {
      config: { scope: 'act' },
      schema: {
        operationId: 'deleteSchedule',
        summary: 'Take a schedule away; runs in progress go on, results stay',
        description: 'Runs that wait to start, of a backfill or behind a long run, go with it.',
        tags: ['schedules'],
        params: schedulePath,
        querystring: noQuery,
        response: {
          200: deletedSchedule.describe('It is gone.'),
          ...problems(400, 401, 404, 415, 429, 503),
        },
      },
    },
    (request) =>
      temporal.withClient(async ({ schedules }) => {
        const { name } = request.params;
        await schedules.refuseOthers(name, ownerSeen(request));
        return schedules.delete(name);
      }),
  );
}

const toSchedule = ({ recent, ...rest }: ScheduleInfo) => ({
  ...rest,
  recent: recent.map(({ workflowId, dueAt, run }) => ({
    dueAt,
    id: workflowId,
    run: run === null ? null : toRunResponse(run),
  })),
});

const otherOwner = (own: string): RowmillError =>
  new RowmillError('http_not_allowed', 'the token keeps schedules of its own owner only', {
    where: 'body/owner',
    remedy: `Give the owner ${own}.`,
  });
