import { RowmillError } from '../errors.ts';
import type { HttpClientOptions, HttpResponse } from '../http/client.ts';
import { createLimiter } from '../http/limiter.ts';
import { createExtructProvider, EXTRUCT_BASE_URL } from './extruct/provider.ts';
import { createPromptLayerProvider, PROMPTLAYER_BASE_URL } from './promptlayer/provider.ts';
import type { Provider } from './provider.ts';

/** The providers of one process; each keeps its connections and its rate limit for all callers. */
export interface Providers {
  /** Throws `spec_invalid` (no such provider), `token_missing`, `base_url_invalid`, `usage`. */
  get(name: string): Provider;
}

export interface ProviderHooks {
  userAgent?: string;
  /** After every request, for metrics. */
  onResponse?: (response: ProviderResponse) => void;
}

/** `route` is a template such as `POST /v1/tables/{id}/rows`: it never holds an id. */
export interface ProviderResponse extends HttpResponse {
  provider: string;
}

type HttpHooks = Pick<HttpClientOptions, 'userAgent' | 'onResponse'>;
type Make = (env: NodeJS.ProcessEnv, hooks: HttpHooks) => Provider;

const MAKERS: Record<string, Make> = {
  extruct: (env, hooks) =>
    createExtructProvider({
      ...hooks,
      token: tokenOf(env, 'EXTRUCT_API_TOKEN'),
      baseUrl: valueOf(env, 'EXTRUCT_BASE_URL') ?? EXTRUCT_BASE_URL,
      limiter: limiterOf(env),
    }),
  promptlayer: (env, hooks) =>
    createPromptLayerProvider({
      ...hooks,
      token: tokenOf(env, 'PROMPTLAYER_API_KEY'),
      baseUrl: valueOf(env, 'PROMPTLAYER_BASE_URL') ?? PROMPTLAYER_BASE_URL,
      limiter: limiterOf(env),
    }),
};

export const PROVIDER_NAMES = Object.keys(MAKERS);

/**
 * Providers by name, made at the first `get`: that is when the environment is read, so a process
 * that never talks to a provider needs no token.
 */
export function createProviders(env: NodeJS.ProcessEnv, hooks: ProviderHooks = {}): Providers {
  const made = new Map<string, Provider>();
  return {
    get(name) {
      const existing = made.get(name);
      if (existing !== undefined) return existing;
      const make = Object.hasOwn(MAKERS, name) ? MAKERS[name] : undefined;
      if (make === undefined) {
        const known = PROVIDER_NAMES.join(', ');
        throw new RowmillError('spec_invalid', `no provider "${name}"; there is: ${known}`, {
          where: 'provider',
        });
      }
      const provider = make(env, hooksOf(name, hooks));
      made.set(name, provider);
      return provider;
    },
  };
}

function hooksOf(provider: string, { userAgent, onResponse }: ProviderHooks): HttpHooks {
  return {
    ...(userAgent === undefined ? {} : { userAgent }),
    ...(onResponse === undefined
      ? {}
      : { onResponse: (response) => onResponse({ provider, ...response }) }),
  };
}

const valueOf = (env: NodeJS.ProcessEnv, variable: string): string | undefined => {
  const value = env[variable]?.trim();
  return value === '' ? undefined : value;
};

function tokenOf(env: NodeJS.ProcessEnv, variable: string): string {
  const token = valueOf(env, variable);
  const remedy = `Set ${variable} where the worker runs.`;
  if (token === undefined)
    throw new RowmillError('token_missing', `${variable} is not set`, { remedy });
  // A line break would end the header it is sent in.
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new RowmillError('token_missing', `${variable} holds characters that no token has`, {
      remedy,
    });
  }
  return token;
}

/** Neither provider documents limits for tables: 10 requests/s unless the environment says otherwise. */
function limiterOf(env: NodeJS.ProcessEnv) {
  const variable = 'ROWMILL_REQUESTS_PER_SECOND';
  const text = valueOf(env, variable);
  if (text === undefined) return createLimiter();
  const ratePerSecond = Number(text);
  if (!(ratePerSecond > 0 && ratePerSecond <= 1000)) {
    throw new RowmillError('usage', `${variable} is not a number above 0 and up to 1000`, {
      remedy: `Set ${variable} to a number such as 10, or leave it out.`,
    });
  }
  return createLimiter({ ratePerSecond });
}
