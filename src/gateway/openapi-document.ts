import { pino } from 'pino';
import { RowmillError } from '../errors.ts';
import { createFileStore } from '../store/file-store.ts';
import { createApp } from './app.ts';
import { createHostPaths } from './host-paths.ts';
import { createRenditions } from './renditions.ts';

/** Builds the OpenAPI document of this version without a server. */
export async function apiDocument(): Promise<object> {
  const nobody = (): Promise<never> =>
    Promise.reject(new RowmillError('internal', 'there is nobody to ask'));
  const app = await createApp(
    {
      temporal: { withClient: nobody, ping: nobody, close: () => Promise.resolve() },
      validator: { run: nobody, schedule: nobody, close: () => Promise.resolve() },
      store: createFileStore('.'),
      hostPaths: createHostPaths('.', null),
      renditions: createRenditions(),
      bodyLimit: 1,
      readiness: { read: nobody },
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
