import { randomBytes } from 'node:crypto';
import { PROVIDER_SPECS } from './catalog.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** What one provider's API is let in with at a sandbox. */
export interface SandboxToken {
  provider: string;
  variable: string;
  token: string;
  /** The environment held it already: it is not shown. */
  given: boolean;
}

/**
 * Tokens for a process that stands in for every provider's API: those of the environment, and one
 * new token for all the others.
 */
export function sandboxTokens(env: Env = {}, fresh = newToken()): SandboxToken[] {
  return PROVIDER_SPECS.map(({ name, tokenVariable }) => {
    const own = env[tokenVariable]?.trim() || null;
    const token = own ?? fresh;
    return { provider: name, variable: tokenVariable, token, given: own !== null };
  });
}

const newToken = (): string => `sandbox-${randomBytes(16).toString('hex')}`;

/** Tokens as a process of its own is given them. */
export const tokenEnv = (tokens: readonly SandboxToken[]): Record<string, string> =>
  Object.fromEntries(tokens.map(({ variable, token }) => [variable, token]));

/** Tokens and addresses that lead every provider to the sandbox. */
export const sandboxEnv = (
  url: string,
  tokens: readonly SandboxToken[],
): Record<string, string> => ({ ...baseUrlEnv(url), ...tokenEnv(tokens) });

/** The same for another shell: tokens that it was given already are left out. */
export const sandboxExports = (
  url: string,
  tokens: readonly SandboxToken[],
): Record<string, string> => ({
  ...baseUrlEnv(url),
  ...tokenEnv(tokens.filter(({ given }) => !given)),
});

const baseUrlEnv = (url: string): Record<string, string> =>
  Object.fromEntries(PROVIDER_SPECS.map((spec) => [spec.baseUrlVariable, url]));
