import { readFileSync } from 'node:fs';
import { RowmillError } from '../errors.ts';
import type { Env } from '../env.ts';

/**
 * Names of variables with a secret; with the suffix `_FILE`, the path of a file that contains it.
 */
const SECRET = /(?:_TOKEN|_API_KEY|_SECRET[A-Z0-9_]*|^SLACK_WEBHOOK_URL[A-Z0-9_]*)$/;
const MAX_BYTES = 64 * 1024;

/**
 * Returns the environment with secrets read from files:
 * `EXTRUCT_API_TOKEN_FILE=/run/secrets/extruct` sets `EXTRUCT_API_TOKEN`, as orchestrators mount
 * them.
 * @throws RowmillError `usage` for an unreadable file, or one beside a value
 */
export function withSecretFiles(env: Env, names: readonly string[]): Env {
  const held: Record<string, string> = {};
  for (const variable of Object.keys(env)) {
    const name = variable.replace(/_FILE$/, '');
    const path = env[variable]?.trim() ?? '';
    const isSecret =
      names.includes(name) || /^(ROWMILL_WEBHOOK_SECRET|SLACK_WEBHOOK_URL)/.test(name);
    if (name === variable || path === '' || !isSecret || !SECRET.test(name)) continue;
    if ((env[name]?.trim() ?? '') !== '') {
      throw new RowmillError('usage', `${name} and ${variable} are both set`, {
        where: variable,
        remedy: 'Leave out one of them.',
      });
    }
    held[name] = read(path, variable);
  }
  return { ...env, ...held };
}

function read(path: string, variable: string): string {
  try {
    const text = readFileSync(path, 'utf8');
    if (text.length <= MAX_BYTES) return text.trim();
    throw new Error('it is too large');
  } catch (cause) {
    throw new RowmillError('usage', 'the file with the secret cannot be read', {
      where: `${variable} ${path}`,
      remedy: 'Check the path and its permissions.',
      cause,
    });
  }
}
