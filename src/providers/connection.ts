import type { HttpClientOptions } from '../http/client.ts';
import type { ProviderSpec } from './provider-spec.ts';

/** How a provider is reached, as the environment says. */
export type ConnectionOptions = Omit<HttpClientOptions, 'headers'> & {
  token: string;
  /** Lower ones than the documented, where a check of the live API has found them. */
  limits?: ProviderSpec['limits'];
};
