import { randomBytes } from 'node:crypto';
import { PROVIDER_SPECS } from './catalog.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Token that a sandbox accepts for one provider's API. */
export interface SandboxToken {
  provider: string;
  variable: string;
  token: string;
  /** True if the environment had the token already: it is not shown. */
  given: boolean;
}

/**
 * Returns tokens for a process that serves every provider's API: those of the environment, and one
 * new token for all others.
 */
export function sandboxTokens(env: Env = {}, fresh = newToken()): SandboxToken[] {
  return PROVIDER_SPECS.map(({ name, tokenVariable }) => {
    const own = env[tokenVariable]?.trim() || null;
    const token = own ?? fresh;
    return { provider: name, variable: tokenVariable, token, given: own !== null };
  });
}

const newToken = (): string => `sandbox-${randomBytes(16).toString('hex')}`;

/** Returns the tokens as environment variables of a child process. */
export const tokenEnv = (tokens: readonly SandboxToken[]): Record<string, string> =>
  Object.fromEntries(tokens.map(({ variable, token }) => [variable, token]));

/** Returns tokens and addresses that direct every provider to the sandbox. */
export const sandboxEnv = (
  url: string,
  tokens: readonly SandboxToken[],
): Record<string, string> => ({ ...baseUrlEnv(url), ...tokenEnv(tokens) });

/** Returns the variables for another shell, without the tokens that the environment had already. */
export const sandboxExports = (
  url: string,
  tokens: readonly SandboxToken[],
): Record<string, string> => ({
  ...baseUrlEnv(url),
  ...tokenEnv(tokens.filter(({ given }) => !given)),
});

const baseUrlEnv = (url: string): Record<string, string> =>
  Object.fromEntries(PROVIDER_SPECS.map((spec) => [spec.baseUrlVariable, url]));
