import fastify, { LogController } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { RowmillError } from '../errors.ts';
import { LOOPBACK } from '../process/ports.ts';
import { createPayloadCodec } from '../temporal/payload-codec.ts';
import { payloadKeysOf } from '../temporal/payload-keys.ts';
import { recogniseCallers, requireToken } from './auth.ts';
import type { App } from './gateway.ts';
import { errorOfRequest, PROBLEM_TYPE, problemOf, statusOf } from './problem.ts';
import { readJsonBodies, validateSchemas } from './raw-body.ts';
import { addCodec, CODEC_PATH } from './routes/codec.ts';
import type { Env } from './settings.ts';

export interface CodecService {
  /** Address for Temporal's UI: it adds `/decode`. */
  url: string;
  /** Lets the page at this address use it. */
  allow(page: string): void;
  stop(): Promise<void>;
}

export interface CodecServiceOptions {
  /** Has the payload keys. */
  env: Env;
  /** Port on loopback. */
  port: number;
}

/**
 * Serves the gateway's codec alone, for the UI of a development server: on loopback, without a token, to
 * pages that are allowed.
 * @throws RowmillError `usage` for keys that cannot be read, `port_in_use`
 */
export async function startCodecService(options: CodecServiceOptions): Promise<CodecService> {
  const { env, port } = options;
  const origins: string[] = [];
  const codec = createPayloadCodec(payloadKeysOf(env));
  const app: App = fastify({
    logController: new LogController({ disableRequestLogging: true }),
    forceCloseConnections: true,
  }).withTypeProvider<ZodTypeProvider>();
  readJsonBodies(app);
  app.setValidatorCompiler(validateSchemas);
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  app.setErrorHandler((thrown, { id }, reply) => {
    const error = errorOfRequest(thrown);
    return reply
      .code(statusOf(error.code))
      .type(PROBLEM_TYPE)
      .send(JSON.stringify(problemOf(error, id)));
  });
  recogniseCallers(app, []);
  requireToken(app, [], origins);
  addCodec(app, { codec, origins });
  let url: string;
  try {
    url = await app.listen({ host: LOOPBACK, port });
  } catch (cause) {
    await app.close();
    throw new RowmillError('port_in_use', `port ${port} of the codec cannot be used`, { cause });
  }
  return {
    url: `${url}${CODEC_PATH}`,
    allow: (page) => {
      const { origin, port: at } = new URL(page);
      // A browser treats the two names of this machine as two origins.
      origins.push(origin, `http://localhost:${at}`);
    },
    stop: () => app.close(),
  };
}
