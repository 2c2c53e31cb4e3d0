import { Rowmill } from '../../client/rowmill.ts';
import { RowmillError } from '../../errors.ts';
import type { RunInfo } from '../../client/runs/lookup/list.ts';
import type { App, Gateway } from '../gateway.ts';
import { runList, runStatus, startedRun } from '../schemas/responses.ts';
import { keyHeaders, listQuery, noQuery, runPath, startBody } from '../schemas/requests.ts';
import { problems } from '../openapi.ts';
import { grantOf, ownerSeen } from '../auth.ts';
import { hideOtherRuns } from '../other-runs.ts';
import { bodyBytes } from '../raw-body.ts';

/** Adds the routes that start, list and show runs. */
export function addRuns(
  app: App,
  { temporal, validator, store, hostPaths, bodyLimit }: Gateway,
): void {
  app.post(
    '/v1/runs',
    {
      config: { scope: 'start', large: true },
      bodyLimit,
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
    async (request, reply) => {
      const key = request.headers['idempotency-key'];
      const { owner, scopes } = grantOf(request);
      const sent = { body: bodyBytes(request), key, owner };
      const { work, approve } = await validator.run(sent);
      try {
        if (approve && !scopes.has('approve')) throw mayNotApprove();
        const as = { key, approve, startedBy: request.caller, ...of(owner) };
        const { run, others } = await temporal.withClient(async (rowmill) => {
          const started = await rowmill.startPrepared(work, as);
          const seenBy = { owner: ownerSeen(request) };
          const { pipeline } = work.input;
          // The run is started: a store that cannot be read is no reason to refuse it.
          const shared = rowmill.sharedTargets(pipeline, started, seenBy).catch(() => []);
          return { run: started, others: await shared };
        });
        const warnings = [...run.warnings, ...others].map((text) => hostPaths.hide(text));
        const links = linksOf(run.id);
        return await reply
          .code(run.attached ? 200 : 201)
          .header('location', links.self)
          .send({ id: run.id, runId: run.runId, attached: run.attached, warnings, links });
      } finally {
        // A rejected or failed start leaves no rows.
        await Rowmill.discard(work, { store });
      }
    },
  );

  app.get(
    '/v1/runs',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listRuns',
        summary: 'One page of runs: those in progress, then the newest',
        tags: ['runs'],
        querystring: listQuery,
        response: { 200: runList.describe('A page.'), ...problems(400, 401, 429, 503) },
      },
    },
    async (request) => {
      const { query } = request;
      // A token with an owner lists only that owner's runs.
      const owner = ownerSeen(request) ?? query.owner;
      const { runs, next } = await temporal.withClient((rowmill) =>
        rowmill.list({ ...query, owner }),
      );
      return { runs: runs.map(toRunResponse), next };
    },
  );

  app.get(
    '/v1/runs/:id',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'getRun',
        summary: 'How a run stands, or what came of it',
        tags: ['runs'],
        params: runPath,
        querystring: noQuery,
        response: { 200: runStatus.describe('The run.'), ...problems(400, 401, 404, 429, 503) },
      },
    },
    async (request) => {
      const owner = ownerSeen(request);
      const { id } = request.params;
      const status = await temporal.withClient(async (rowmill) => {
        const found = await (await rowmill.attach(id, { owner })).status();
        return hideOtherRuns(found, (ids) => rowmill.visible(ids, { owner }));
      });
      const { run, progress, summary, replaced, error, warning } = status;
      const shown = error && {
        code: error.code,
        what: error.what,
        where: error.where,
        remedy: error.remedy,
      };
      return hostPaths.hideIn({
        ...toRunResponse(run),
        progress,
        summary,
        replaced,
        error: shown,
        warning,
      });
    },
  );
}

const of = (owner: string | null) => (owner === null ? {} : { owner });

const mayNotApprove = (): RowmillError =>
  new RowmillError('http_not_allowed', 'the token may not approve what it starts', {
    where: 'body/approve',
    remedy: 'Leave `approve` out: the run waits until a token with the scope approve says yes.',
  });

/** Returns links to the details of a run. */
export const linksOf = (id: string) => {
  const self = `/v1/runs/${encodeURIComponent(id)}`;
  return { self, events: `${self}/events`, results: `${self}/results` };
};

/** Converts a listed run; over HTTP its name is `id` everywhere. */
export const toRunResponse = ({ workflowId, ...rest }: RunInfo) => ({ id: workflowId, ...rest });
