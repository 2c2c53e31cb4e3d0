import type { HttpClientOptions } from '../http/client.ts';

/** How a provider is reached, as the environment says. */
export type ConnectionOptions = Omit<HttpClientOptions, 'headers'> & { token: string };
