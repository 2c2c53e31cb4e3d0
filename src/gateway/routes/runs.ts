import type { Json } from '../../contract/json.ts';
import type { App, Gateway } from '../gateway.ts';
import { linksOf, listedOf } from '../run-answer.ts';
import { runList, runStanding, startedRun } from '../answer-schemas.ts';
import { keyHeaders, listQuery, noQuery, runPath, startBody } from '../request-schemas.ts';
import { problems } from '../openapi.ts';
import { sentPipeline } from '../sent-pipeline.ts';

/** Start, list and look. */
export function addRuns(app: App, { door, places }: Gateway): void {
  app.post(
    '/v1/runs',
    {
      schema: {
        operationId: 'startRun',
        summary: 'Start a run, or find the one of this key',
        description:
          'The same Idempotency-Key with the same body is the same run, however often it is sent; with another body it is 409. A failed run is started again.',
        tags: ['runs'],
        querystring: noQuery,
        headers: keyHeaders,
        body: startBody,
        response: {
          200: startedRun.describe('The run was there already.'),
          201: startedRun.describe('The run was started.'),
          ...problems(400, 401, 409, 413, 415, 422, 429, 503),
        },
      },
    },
    async ({ headers, body }, reply) => {
      const key = headers['idempotency-key'];
      const run = await door.use((rowmill) =>
        rowmill.start({
          pipeline: sentPipeline(body.pipeline, places, key),
          key,
          baseDir: places.baseDir(key),
          approve: body.approve ?? false,
          accept: (pipeline) => places.judge(pipeline, key),
          // Judged row by row when they are frozen.
          ...(body.rows === undefined ? {} : { rows: body.rows as Record<string, Json>[] }),
        }),
      );
      const links = linksOf(run.id);
      return reply
        .code(run.attached ? 200 : 201)
        .header('location', links.self)
        .send({ id: run.id, runId: run.runId, attached: run.attached, links });
    },
  );

  app.get(
    '/v1/runs',
    {
      schema: {
        operationId: 'listRuns',
        summary: 'One page of runs: those under way, then the newest',
        tags: ['runs'],
        querystring: listQuery,
        response: { 200: runList.describe('A page.'), ...problems(400, 401, 429, 503) },
      },
    },
    async ({ query }) => {
      const { runs, next } = await door.use((rowmill) => rowmill.list(query));
      return { runs: runs.map(listedOf), next };
    },
  );

  app.get(
    '/v1/runs/:id',
    {
      schema: {
        operationId: 'getRun',
        summary: 'How a run stands, or what came of it',
        tags: ['runs'],
        params: runPath,
        querystring: noQuery,
        response: { 200: runStanding.describe('The run.'), ...problems(400, 401, 404, 429, 503) },
      },
    },
    async ({ params }) => {
      const status = await door.use(async (rowmill) => (await rowmill.attach(params.id)).status());
      const { run, progress, summary, error, trouble } = status;
      const told = error && {
        code: error.code,
        what: error.what,
        where: error.where,
        remedy: error.remedy,
      };
      return { ...listedOf(run), progress, summary, error: told, trouble };
    },
  );
}
