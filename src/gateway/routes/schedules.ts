import type { ScheduleStanding } from '../../client/schedules/index.ts';
import { RowmillError } from '../../errors.ts';
import type { App, Gateway } from '../gateway.ts';
import { problems } from '../openapi.ts';
import { listedOf } from '../run-answer.ts';
import {
  appliedSchedule,
  deletedSchedule,
  schedule,
  scheduleBody,
  scheduleList,
  schedulePath,
} from '../schedule-schemas.ts';
import { noQuery } from '../request-schemas.ts';
import { sentPipeline } from '../sent-pipeline.ts';

/** Pipelines that run by themselves: make, list, look, take away. */
export function addSchedules(app: App, { door, places }: Gateway): void {
  app.put(
    '/v1/schedules/:name',
    {
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
    async ({ params: { name }, body }, reply) => {
      // Its folder for results, beside those of runs.
      const key = `schedule/${name}`;
      const answer = await door.use(async ({ schedules }) => {
        const done = await schedules.apply({
          pipeline: sentPipeline(body.pipeline, places, key),
          owner: body.owner,
          replace: body.replace ?? false,
          baseDir: places.baseDir(key),
          accept: async (pipeline) => {
            refuseOtherName(pipeline.name, name);
            await places.judge(pipeline, key);
          },
        });
        return { ...done, schedule: standingOf(await schedules.describe(name)) };
      });
      return reply
        .code(answer.done === 'created' ? 201 : 200)
        .header('location', `/v1/schedules/${name}`)
        .send(answer);
    },
  );

  app.get(
    '/v1/schedules',
    {
      schema: {
        operationId: 'listSchedules',
        summary: 'All schedules by name, each with its newest run',
        tags: ['schedules'],
        querystring: noQuery,
        response: { 200: scheduleList.describe('All of them.'), ...problems(400, 401, 429, 503) },
      },
    },
    async () => {
      const schedules = await door.use((rowmill) => rowmill.schedules.list());
      return { schedules: schedules.map(standingOf) };
    },
  );

  app.get(
    '/v1/schedules/:name',
    {
      schema: {
        operationId: 'getSchedule',
        summary: 'How a schedule stands, with its newest ten runs',
        tags: ['schedules'],
        params: schedulePath,
        querystring: noQuery,
        response: { 200: schedule.describe('The schedule.'), ...problems(400, 401, 404, 429, 503) },
      },
    },
    async ({ params: { name } }) =>
      standingOf(await door.use(({ schedules }) => schedules.describe(name))),
  );

  app.delete(
    '/v1/schedules/:name',
    {
      schema: {
        operationId: 'deleteSchedule',
        summary: 'Take a schedule away; runs under way go on, results stay',
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
    ({ params: { name } }) => door.use(({ schedules }) => schedules.delete(name)),
  );
}

const standingOf = ({ recent, ...rest }: ScheduleStanding) => ({
  ...rest,
  recent: recent.map(({ workflowId, dueAt, run }) => ({
    ...{ dueAt, id: workflowId },
    run: run === null ? null : listedOf(run),
  })),
});

function refuseOtherName(given: string, name: string): void {
  if (given === name) return;
  throw new RowmillError('http_bad_request', `the pipeline is "${given}", the path "${name}"`, {
    where: 'body/pipeline/name',
    remedy: 'Give both the same name.',
  });
}
