import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { ProgressUpdate } from '../../client/runs/watch.ts';
import type { RunSummary } from '../../contract/run.ts';
import { ownerSeen } from '../auth.ts';
import type { App, Gateway } from '../gateway.ts';
import { problems } from '../openapi.ts';
import { hideOtherRuns } from '../other-runs.ts';
import { errorOfRequest, problemOf } from '../problem.ts';
import { event } from '../schemas/responses.ts';
import { noQuery, runPath } from '../schemas/requests.ts';

/** Time between two heartbeats in ms: proxies close connections that are silent for 30 s. */
const HEARTBEAT_MS = 15_000;

const CHECK_EVERY_MS = 1_000;

/** Id of the last event: a caller that reconnects with it has received everything. */
const END = 'end';

/** Streams the progress of a run as server-sent events until it ends. */
export function addEvents(app: App, { temporal, closing, hostPaths }: Gateway): void {
  app.get(
    '/v1/runs/:id/events',
    {
      // A HEAD request would follow the run without a reader.
      exposeHeadRoute: false,
      config: { scope: 'read' },
      schema: {
        operationId: 'followRun',
        summary: 'Progress as server-sent events, until the run ends',
        description:
          'Events `progress` (when something changed) and, last, `outcome` with `summary` or `error`. Comments keep the connection alive. After `outcome` the client closes; one that reconnects with its id gets 204.',
        tags: ['runs'],
        params: runPath,
        querystring: noQuery,
        response: {
          200: {
            description: 'The events.',
            content: { 'text/event-stream': { schema: event } },
          },
          204: z.null().describe('Everything was seen already.'),
          ...problems(400, 401, 404, 429, 503),
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const owner = ownerSeen(request);
      const { run, over } = await temporal.withClient(async (rowmill) => {
        const attached = await rowmill.attach(id, { owner });
        const status = request.headers['last-event-id'] === END ? await attached.status() : null;
        return { run: attached, over: status !== null && status.run.status !== 'RUNNING' };
      });
      if (over) return reply.code(204).send(null);
      const gone = new AbortController();
      reply.raw.once('close', () => gone.abort());
      const signal = AbortSignal.any([gone.signal, closing]);
      const updates = run.progress({ intervalMs: CHECK_EVERY_MS, signal });
      const visible = (ids: readonly string[]) =>
        temporal.withClient((rowmill) => rowmill.visible(ids, { owner }));
      const shown: Shown = async (value) => hostPaths.hideIn(await hideOtherRuns(value, visible));
      return reply
        .type('text/event-stream')
        .header('x-accel-buffering', 'no')
        .send(Readable.from(eventsOf(updates, request.id, signal, shown)));
    },
  );
}

/** Hides what the caller may not see. */
type Shown = <T>(value: T) => Promise<T>;

async function* eventsOf(
  updates: AsyncGenerator<ProgressUpdate, RunSummary | null>,
  requestId: string,
  signal: AbortSignal,
  shown: Shown,
): AsyncGenerator<string> {
  yield 'retry: 5000\n\n';
  let sent = '';
  try {
    for (let next = updates.next(); ;) {
      const found = await orHeartbeat(next, signal);
      if (found === null) {
        yield ': still here\n\n';
        continue;
      }
      if (found.done === true) {
        const summary = await shown(found.value);
        if (summary !== null)
          yield eventText('outcome', { outcome: summary.outcome, summary, error: null }, END);
        return;
      }
      const update = await shown(found.value);
      const data = JSON.stringify(update);
      if (data !== sent) yield eventText('progress', update);
      sent = data;
      next = updates.next();
    }
  } catch (thrown) {
    const error = await shown(problemOf(errorOfRequest(thrown), requestId));
    yield eventText('outcome', { outcome: 'failed', summary: null, error }, END);
  }
}

/** Returns `null` if no event arrives in time. */
async function orHeartbeat<T>(next: Promise<T>, signal: AbortSignal): Promise<T | null> {
  const timer = new AbortController();
  const beat = sleep(HEARTBEAT_MS, null, { signal: AbortSignal.any([timer.signal, signal]) });
  try {
    return await Promise.race([next, beat.catch(() => next)]);
  } finally {
    timer.abort();
  }
}

const eventText = (name: string, data: unknown, id?: string): string =>
  `${id === undefined ? '' : `id: ${id}\n`}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
