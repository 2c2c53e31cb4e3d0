import { pino } from 'pino';
import { RowmillError } from '../errors.ts';
import { createFileStore } from '../store/disk/file-store.ts';
import { createPayloadCodec } from '../temporal/payload-codec.ts';
import { createApp } from './app.ts';
import { createHostPaths } from './host-paths.ts';
import { createRenditions } from './renditions.ts';

/** Builds the OpenAPI document of this version without a server. */
export async function apiDocument(): Promise<object> {
  const noServer = (): Promise<never> =>
    Promise.reject(new RowmillError('internal', 'this document has no server'));
  const app = await createApp(
    {
      temporal: { withClient: noServer, ping: noServer, close: () => Promise.resolve() },
      validator: { run: noServer, schedule: noServer, close: () => Promise.resolve() },
      store: createFileStore('.'),
      hostPaths: createHostPaths('.', null),
      renditions: createRenditions(),
      bodyLimit: 1,
      codec: createPayloadCodec([]),
      origins: [],
      readiness: { read: noServer },
      closing: new AbortController().signal,
    },
    { tokens: [], bodyLimit: 1, rate: 1 },
    pino({ enabled: false }),
  );
  try {
    await app.ready();
    return app.swagger();
  } finally {
    await app.close();
  }
}
