import type { Payload } from '@temporalio/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { RowmillError } from '../../errors.ts';
import type { App, Gateway } from '../gateway.ts';
import { problems } from '../openapi.ts';
import { noQuery } from '../schemas/requests.ts';

/** Address below which Temporal's UI and its `--codec-endpoint` expect `/decode` and `/encode`. */
export const CODEC_PATH = '/v1/codec';

/** Maximum bytes of a body: Temporal transfers 4 MiB at most, in base64 here. */
const MAX_BODY = 8 * 1024 * 1024;

/** Payloads as JSON of protobuf: bytes are base64. */
const payload = z.looseObject({
  metadata: z.record(z.string(), z.string()).optional(),
  data: z.string().optional(),
});
const payloads = z.object({ payloads: z.array(payload).max(10_000) }).meta({ id: 'Payloads' });

/** Time that a browser may remember that an origin is allowed, in s. */
const PREFLIGHT_S = 600;

/**
 * Adds Temporal's remote codec, with which its UI shows what is encrypted. A payload names no owner, so
 * only tokens with the scope `decode` may use it.
 */
export function addCodec(app: App, { codec, origins }: Pick<Gateway, 'codec' | 'origins'>): void {
  const allowOrigin = (
    { headers: { origin } }: FastifyRequest,
    reply: FastifyReply,
    done: () => void,
  ): void => {
    reply.header('vary', 'Origin');
    if (origin !== undefined && origins.includes(origin)) {
      reply.header('access-control-allow-origin', origin);
      reply.header('access-control-allow-credentials', 'true');
    }
    done();
  };
  const config = { scope: 'decode', browser: true } as const;
  const schema = {
    tags: ['codec'],
    querystring: noQuery,
    body: payloads,
    response: {
      200: payloads.describe('In the same order.'),
      ...problems(400, 401, 413, 415, 429),
    },
  };

  app.post(
    `${CODEC_PATH}/decode`,
    {
      config,
      bodyLimit: MAX_BODY,
      onRequest: allowOrigin,
      schema: {
        ...schema,
        operationId: 'decodePayloads',
        summary: 'Decrypt payloads, as a remote codec of Temporal',
        description: 'A payload whose key is not here comes back as it is.',
      },
    },
    async ({ body }) => ({ payloads: await decoded(codec, body.payloads.map(fromJson)) }),
  );

  app.post(
    `${CODEC_PATH}/encode`,
    {
      config,
      bodyLimit: MAX_BODY,
      onRequest: allowOrigin,
      schema: {
        ...schema,
        operationId: 'encodePayloads',
        summary: 'Encrypt payloads, as a remote codec of Temporal',
      },
    },
    async ({ body }) => ({
      payloads: (await codec.encode(body.payloads.map(fromJson))).map(toJson),
    }),
  );

  app.get(
    CODEC_PATH,
    {
      config,
      schema: {
        operationId: 'signInToCodec',
        summary: 'Ask a browser for a token, with which the Temporal UI in it then decodes',
        tags: ['codec'],
        querystring: noQuery,
        response: { 200: z.string().describe('The browser has it.'), ...problems(401, 429) },
      },
    },
    async (_request, reply) => reply.type('text/plain').send(SIGNED_IN),
  );

  for (const path of ['decode', 'encode']) {
    app.options(
      `${CODEC_PATH}/${path}`,
      {
        config: { open: true, browser: true, unlimited: true },
        onRequest: allowOrigin,
        schema: { hide: true },
      },
      (_request, reply) =>
        reply
          .code(204)
          .header('access-control-allow-methods', 'POST')
          .header('access-control-allow-headers', 'authorization, content-type, x-namespace')
          .header('access-control-max-age', String(PREFLIGHT_S))
          .send(),
    );
  }
}

const SIGNED_IN =
  'The Temporal UI in this browser can now show what this gateway has keys for. Close the browser to end that.\n';

/** Decodes each payload by itself. @throws RowmillError `payload_key_missing` if none can be decoded */
async function decoded(codec: Gateway['codec'], given: Payload[]): Promise<JsonPayload[]> {
  let missing: RowmillError | null = null;
  let readable = 0;
  const out: JsonPayload[] = [];
  for (const each of given) {
    try {
      const [plain = each] = await codec.decode([each]);
      out.push(toJson(plain));
      readable += 1;
    } catch (error) {
      if (!(error instanceof RowmillError)) throw error;
      missing = error;
      out.push(toJson(each));
    }
  }
  if (missing !== null && readable === 0) throw missing;
  return out;
}

type JsonPayload = z.infer<typeof payload>;

const fromJson = ({ metadata = {}, data = '' }: JsonPayload): Payload => ({
  metadata: mapped(metadata, (text) => Buffer.from(text, 'base64')),
  data: Buffer.from(data, 'base64'),
});

const toJson = ({ metadata, data }: Payload): JsonPayload => ({
  metadata: mapped(metadata ?? {}, (bytes) => Buffer.from(bytes).toString('base64')),
  data: Buffer.from(data ?? []).toString('base64'),
});

const mapped = <A, B>(values: Record<string, A>, to: (value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, to(value)]));
