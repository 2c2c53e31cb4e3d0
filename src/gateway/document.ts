import { pino } from 'pino';
import { RowmillError } from '../errors.ts';
import { createApp } from './app.ts';

/** The OpenAPI document of this version, made without serving anybody. */
export async function apiDocument(): Promise<object> {
  const nobody = (): Promise<never> =>
    Promise.reject(new RowmillError('internal', 'there is nobody to ask'));
  const app = await createApp(
    {
      door: { use: nobody, knock: nobody, close: () => Promise.resolve() },
      places: { baseDir: () => '', defaultResult: () => '', judge: nobody },
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
