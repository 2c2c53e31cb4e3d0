import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { RUN_FILE } from '../../contract/names.ts';
import { reportFacts } from '../../client/runs/files/results.ts';
import { RowmillError } from '../../errors.ts';
import { PAGE_POLICY } from '../../report/page.ts';
import { renderReport } from '../../report/render.ts';
import {
  formatOfMediaType,
  listOf,
  RESULT_FORMAT_NAMES,
  RESULT_FORMATS,
  STORED_FORMAT,
  type ResultFormatName,
} from '../../sinks/index.ts';
import type { Folder } from '../../store/store.ts';
import type { App, Gateway } from '../gateway.ts';
import { byteRange, type ByteRange } from '../renditions.ts';
import { ownerSeen } from '../auth.ts';
import { hideOtherRuns } from '../other-runs.ts';
import { problems } from '../openapi.ts';
import { streamed } from '../schemas/responses.ts';
import { noQuery, resultsQuery, runPath } from '../schemas/requests.ts';

/** Returns the media type of a format. */
const typeOf = (name: ResultFormatName): string =>
  RESULT_FORMATS.find((format) => format.name === name)?.mediaTypes[0] ?? BYTES;

const BYTES = 'application/octet-stream';
const TYPES = RESULT_FORMAT_NAMES.map(typeOf);
const REPORT_TYPE = 'text/html';
const STORED_TYPE = typeOf(STORED_FORMAT);
const ACCEPTED = RESULT_FORMATS.flatMap(({ mediaTypes }) => [...mediaTypes]);

/** Streams the results of a run from the store, never loading them as a whole. */
export function addResults(app: App, { temporal, renditions, hostPaths }: Gateway): void {
  const filesOf = (request: FastifyRequest, id: string): Promise<Folder> => {
    const owner = ownerSeen(request);
    return temporal.withClient(async (rowmill) => (await rowmill.attach(id, { owner })).files());
  };
  const tagOf = async (folder: Folder, name: string, format: ResultFormatName): Promise<string> =>
    `"${await renditions.digestOf(folder, name)}-${format}"`;
  /** Hides runs of other owners, and paths of this host. */
  const shownTo = async <T>(request: FastifyRequest, value: T): Promise<T> => {
    const owner = ownerSeen(request);
    const shown = await hideOtherRuns(value, (ids) =>
      temporal.withClient((rowmill) => rowmill.visible(ids, { owner })),
    );
    return hostPaths.hideIn(shown);
  };
  const config = { scope: 'read' } as const;

  app.get(
    '/v1/runs/:id/results',
    {
      config,
      schema: {
        operationId: 'getResults',
        summary: 'The results: one row a line, in the order of the input',
        description: 'By Accept or `format`; byte ranges (RFC 9110) let a broken download go on.',
        tags: ['results'],
        params: runPath,
        querystring: resultsQuery,
        response: {
          200: described('All of it.', TYPES),
          206: described('The bytes asked for.', TYPES),
          304: z.null().describe('Nothing else than the caller has.'),
          ...problems(400, 401, 404, 406, 409, 416, 429, 503),
        },
      },
    },
    async (request, reply) => {
      const format = request.query.format ?? negotiated(request);
      const folder = await filesOf(request, request.params.id);
      reply.header('vary', 'accept');
      const etag = await tagOf(folder, RUN_FILE.results, format);
      if (format === STORED_FORMAT) {
        return sendStored(folder, RUN_FILE.results, etag, request, reply);
      }
      const rendered = await renditions.render(folder, format);
      const release = (): void => rendered.release();
      const { size } = rendered;
      const read = (range: ByteRange): Readable => rendered.read(range);
      // The caller may have disconnected.
      if (reply.raw.destroyed) release();
      else reply.raw.once('close', release);
      return sendFile(request, reply, { type: typeOf(format), etag, size, read });
    },
  );

  app.get(
    '/v1/runs/:id/quarantine',
    {
      config,
      schema: {
        operationId: 'getQuarantine',
        summary:
          'Rows that were left out and cells without an answer, and why; empty when there are none',
        tags: ['results'],
        params: runPath,
        querystring: noQuery,
        response: {
          200: described('One row or cell a line.', [STORED_TYPE]),
          206: described('The bytes asked for.', [STORED_TYPE]),
          304: z.null().describe('Nothing else than the caller has.'),
          ...problems(400, 401, 404, 409, 416, 429, 503),
        },
      },
    },
    async (request, reply) => {
      const folder = await filesOf(request, request.params.id);
      const etag = await tagOf(folder, RUN_FILE.quarantine, STORED_FORMAT);
      return sendStored(folder, RUN_FILE.quarantine, etag, request, reply);
    },
  );

  app.get(
    '/v1/runs/:id/changes',
    {
      config,
      schema: {
        operationId: 'getChanges',
        summary: 'Rows that differ from the publication before; empty when none does',
        tags: ['results'],
        params: runPath,
        querystring: noQuery,
        response: {
          200: described('One row a line.', [STORED_TYPE]),
          206: described('The bytes asked for.', [STORED_TYPE]),
          304: z.null().describe('Nothing else than the caller has.'),
          ...problems(400, 401, 404, 409, 416, 429, 503),
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const owner = ownerSeen(request);
      const folder = await temporal.withClient(async (rowmill) =>
        (await (await rowmill.attach(id, { owner })).storedResults()).changes(),
      );
      const etag = await tagOf(folder, RUN_FILE.changes, STORED_FORMAT);
      return sendStored(folder, RUN_FILE.changes, etag, request, reply);
    },
  );

  app.get(
    '/v1/runs/:id/report',
    {
      config: { ...config, page: true },
      schema: {
        operationId: 'getReport',
        summary: 'The report: one HTML page, without scripts and requests',
        tags: ['results'],
        params: runPath,
        querystring: noQuery,
        response: {
          200: described('The page.', [REPORT_TYPE]),
          ...problems(400, 401, 404, 409, 429, 503),
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const facts = await reportFacts(await filesOf(request, id), id);
      reply.header('content-security-policy', PAGE_POLICY).type(REPORT_TYPE);
      return reply.send(renderReport(await shownTo(request, facts)));
    },
  );

  app.get(
    '/v1/runs/:id/manifest',
    {
      config,
      schema: {
        operationId: 'getManifest',
        summary: 'What happened: counts, credits, files with their digests',
        tags: ['results'],
        params: runPath,
        querystring: noQuery,
        response: {
          200: z.looseObject({}).describe('docs/reference/results.md names the fields.'),
          ...problems(400, 401, 404, 409, 429, 503),
        },
      },
    },
    async (request) => {
      const folder = await filesOf(request, request.params.id);
      // Safe cast: the run wrote an object.
      const manifest = (await folder.readJson(RUN_FILE.manifest)) as Record<string, unknown>;
      return shownTo(request, manifest);
    },
  );
}

const described = (description: string, types: readonly string[]) => ({
  description,
  content: Object.fromEntries(types.map((type) => [type, { schema: streamed }])),
});

function negotiated(request: FastifyRequest): ResultFormatName {
  const [found] = [request.accepts().type(ACCEPTED)].flat();
  const format = typeof found === 'string' ? formatOfMediaType(found) : null;
  if (format !== null) return format;
  throw new RowmillError('http_not_acceptable', 'none of the types accepted is there', {
    remedy: `Accept ${listOf(ACCEPTED)}, or give ${listOf(RESULT_FORMAT_NAMES.map((name) => `?format=${name}`))}.`,
  });
}

async function sendStored(
  folder: Folder,
  name: string,
  etag: string,
  request: FastifyRequest,
  reply: FastifyReply,
) {
  // A run without open cells has no quarantine.
  const size = (await folder.size(name)) ?? 0;
  const read = (range: ByteRange): Readable => folder.read(name, range);
  return sendFile(request, reply, { type: STORED_TYPE, etag, size, read });
}

interface SentFile {
  type: string;
  etag: string;
  size: number;
  read(range: ByteRange): Readable;
}

/** Sends the whole file, a part, or nothing, as the request's headers ask (RFC 9110, 13 and 14). */
function sendFile({ headers }: FastifyRequest, reply: FastifyReply, file: SentFile): FastifyReply {
  const { type, etag, size } = file;
  reply.header('etag', etag).header('accept-ranges', 'bytes').type(type);
  if (headers['if-none-match'] === etag) return reply.code(304).send();
  const sameFile = headers['if-range'] === undefined || headers['if-range'] === etag;
  const range = sameFile ? byteRange(headers.range, size) : 'all';
  if (range === 'none') {
    reply.header('content-range', `bytes */${size}`);
    throw new RowmillError('http_range', `there are ${size} bytes`);
  }
  const { start, end } = range === 'all' ? { start: 0, end: size } : range;
  reply.header('content-length', end - start);
  if (range !== 'all') {
    reply.code(206).header('content-range', `bytes ${start}-${end - 1}/${size}`);
  }
  return reply.send(start === end ? '' : file.read({ start, end }));
}
