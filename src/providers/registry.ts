import { createHash } from 'node:crypto';
import { RowmillError } from '../errors.ts';
import type { HttpResponse } from '../http/client.ts';
import { proxyOf } from '../http/proxy.ts';
import { createLimiter, type Limiter } from '../http/limiter.ts';
import type { ConnectionOptions } from './json-api.ts';
import { baseUrlOf, factsOf } from './facts-store.ts';
import { lowered, withFacts, type LearnedFacts } from './facts.ts';
import type { LiveCheck, LivePace } from './live-check.ts';
import type { Provider } from './provider.ts';
import { noProvider, PROVIDERS, type ProviderModule, type ProviderSpec } from './catalog.ts';

/** Providers of one process; each keeps its connections and its rate limit for all callers. */
export interface Providers {
  readonly names: readonly string[];
  /**
   * Returns the offline description, with the facts file applied. Needs neither token nor network.
   * Throws `spec_invalid` (unknown provider), and `usage` if that file cannot be read.
   */
  spec(name: string): ProviderSpec;
  /** Throws `spec_invalid` (unknown provider), `token_missing`, `base_url_invalid`, `usage`. */
  get(name: string): Provider;
}

/** Catalog entry with its loaded module. */
export interface ProviderEntry extends ProviderModule {
  spec: ProviderSpec;
}

export interface ProviderHooks {
  userAgent?: string;
  /** Called after every request, for metrics. */
  onResponse?: (response: ProviderResponse) => void;
  /** Creates the limiter of a token. @default one of this process alone */
  limiterFor?: (token: LimiterToken) => Limiter;
}

/** Token whose requests have one pace. */
export interface LimiterToken {
  provider: string;
  /** Identifies the token and its API without containing the token. */
  digest: string;
  /** Operator's limit, requests a second; `null`: the pace is learned. */
  ratePerSecond: number | null;
}

/**
 * HTTP response with its provider. `route` is a template without ids, like `POST
 * /v1/tables/{id}/rows`.
 */
export interface ProviderResponse extends HttpResponse {
  provider: string;
}

/** Built-in providers. */
export const PROVIDER_ENTRIES: readonly ProviderEntry[] = await entriesOf(PROVIDERS);

/** Loads sequentially: module loaders of test runners cannot load two at a time. */
async function entriesOf(table: typeof PROVIDERS): Promise<ProviderEntry[]> {
  const entries: ProviderEntry[] = [];
  for (const { spec, load } of Object.values(table)) entries.push({ spec, ...(await load()) });
  return entries;
}

/**
 * Creates providers at the first `get`, which reads the environment. A process that calls no
 * provider needs no token.
 */
export function createProviders(
  env: NodeJS.ProcessEnv,
  hooks: ProviderHooks = {},
  entries: readonly ProviderEntry[] = PROVIDER_ENTRIES,
): Providers {
  const made = new Map<string, Provider>();
  const read = new Map<string, LearnedFacts | null>();
  const names = entries.map(({ spec }) => spec.name);
  const factsFor = (name: string): LearnedFacts | null => {
    const known = read.get(name);
    const facts = known === undefined ? factsOf(entryOf(name).spec, env) : known;
    read.set(name, facts);
    return facts;
  };
  const entryOf = (name: string): ProviderEntry => {
    const entry = entries.find(({ spec }) => spec.name === name);
    if (entry !== undefined) return entry;
    throw noProvider(name, names);
  };
  return {
    names,
    spec: (name) => withFacts(entryOf(name).spec, factsFor(name)),
    get(name) {
      const before = made.get(name);
      if (before !== undefined) return before;
      const { spec, create } = entryOf(name);
      const limits = lowered(spec.limits, factsFor(name));
      const provider = create({ ...connection(spec, env, hooks), limits });
      made.set(name, provider);
      return provider;
    },
  };
}

/**
 * Creates the questions to a provider's live API; `null` without any. Throws as `Providers.get`.
 */
export function createLiveCheck(
  name: string,
  env: NodeJS.ProcessEnv,
  {
    pace,
    entries = PROVIDER_ENTRIES,
  }: { pace?: LivePace; entries?: readonly ProviderEntry[] } = {},
): LiveCheck | null {
  const entry = entries.find(({ spec }) => spec.name === name);
  if (entry === undefined) {
    throw noProvider(
      name,
      entries.map(({ spec }) => spec.name),
    );
  }
  return entry.createLiveCheck?.(connection(entry.spec, env, {}), pace) ?? null;
}

function connection(
  spec: ProviderSpec,
  env: NodeJS.ProcessEnv,
  { userAgent, onResponse, limiterFor = createLimiter }: ProviderHooks,
): ConnectionOptions {
  const { name, tokenVariable } = spec;
  return {
    token: tokenOf(env, tokenVariable),
    tokenVariable,
    baseUrl: baseUrlOf(spec, env),
    limiter: limiterFor(limiterTokenOf(spec, env)),
    proxy: proxyOf(env),
    ...(userAgent === undefined ? {} : { userAgent }),
    ...(onResponse === undefined
      ? {}
      : { onResponse: (response) => onResponse({ provider: name, ...response }) }),
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
  // A line break would end the header that carries the token.
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new RowmillError('token_missing', `${variable} holds characters that no token has`, {
      remedy,
    });
  }
  return token;
}

/** Returns what limits and names a token. @throws RowmillError `token_missing`, `usage` */
export const limiterTokenOf = (spec: ProviderSpec, env: NodeJS.ProcessEnv): LimiterToken => ({
  provider: spec.name,
  digest: createHash('sha256')
    .update(JSON.stringify([spec.name, baseUrlOf(spec, env), tokenOf(env, spec.tokenVariable)]))
    .digest('hex')
    .slice(0, 32),
  ratePerSecond: rateOf(env),
});

/**
 * Neither provider documents limits for tables: the pace is learned, below the rate of the
 * environment if that sets one.
 */
function rateOf(env: NodeJS.ProcessEnv): number | null {
  const variable = 'ROWMILL_REQUESTS_PER_SECOND';
  const text = valueOf(env, variable);
  if (text === undefined) return null;
  const ratePerSecond = Number(text);
  if (!(ratePerSecond > 0 && ratePerSecond <= 1000)) {
    throw new RowmillError('usage', `${variable} is not a number above 0 and up to 1000`, {
      remedy: `Set ${variable} to a number such as 10, or leave it out.`,
    });
  }
  return ratePerSecond;
}
