import { isIP } from 'node:net';
import type { Webhook } from 'standardwebhooks';
import { RowmillError } from '../errors.ts';
import { isPublic, blocked } from './guarded-lookup.ts';
import { signerOf } from './signature.ts';

export type Env = Readonly<Record<string, string | undefined>>;

/** Names of webhook secrets: the worker reads no other variable for them. */
export const SECRET_VARIABLE = /^ROWMILL_WEBHOOK_SECRET(_[A-Z0-9_]{1,60})?$/;

/** Suffix of the variable with a secret's allowed origins, comma-separated. */
export const ORIGINS_SUFFIX = '_ORIGINS';

/** Checks whether private addresses and plain http are allowed. */
export const allowsPrivate = (env: Env): boolean =>
  /^(1|true|yes|on)$/i.test(env['ROWMILL_WEBHOOK_ALLOW_PRIVATE']?.trim() ?? '');

/**
 * Returns the signer of a webhook, if the environment allows sending it.
 * @throws RowmillError `webhook_refused` with the setting to change
 */
export function signerFor(target: { url: string; secretEnv: string }, env: Env): Webhook {
  const url = new URL(target.url);
  const where = `POST ${url.origin}${url.pathname}`;
  refuseUnsafe(url, where, allowsPrivate(env));
  const { secretEnv } = target;
  const refused = (what: string, remedy: string): RowmillError =>
    new RowmillError('webhook_refused', what, { where, remedy });
  if (!isSecretVariable(secretEnv)) {
    throw refused(
      `${secretEnv.slice(0, 80)} is no variable for a secret of webhooks`,
      'Take ROWMILL_WEBHOOK_SECRET, or a name that begins with ROWMILL_WEBHOOK_SECRET_.',
    );
  }
  const secret = env[secretEnv]?.trim() ?? '';
  if (secret === '') {
    throw refused(
      `${secretEnv} is not set`,
      'Set the secret where the worker runs; webhooks are never sent unsigned.',
    );
  }
  const signer = signerOf(secret, secretEnv);
  const variable = `${secretEnv}${ORIGINS_SUFFIX}`;
  if (!originsOf(env[variable]).includes(url.origin)) {
    throw refused(
      `${variable} does not name ${url.origin}`,
      `Set ${variable}=${url.origin} where the worker runs: with a secret only those are called that its operator named.`,
    );
  }
  return signer;
}

/** Excludes names of origin lists and file paths. */
export const isSecretVariable = (name: string): boolean =>
  SECRET_VARIABLE.test(name) && !name.endsWith(ORIGINS_SUFFIX) && !name.endsWith('_FILE');

const originsOf = (list = ''): string[] =>
  list
    .split(',')
    .map((text) => text.trim())
    .flatMap((text) => (URL.canParse(text) ? [new URL(text).origin] : []));

function refuseUnsafe(url: URL, where: string, allowPrivate: boolean): void {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (url.protocol !== 'https:' && !(allowPrivate && url.protocol === 'http:')) {
    throw new RowmillError('webhook_refused', 'it is not https', {
      where,
      remedy: 'Use https; plain http goes with ROWMILL_WEBHOOK_ALLOW_PRIVATE=1 only.',
    });
  }
  // A host name is checked when it is resolved; an address is checked here.
  if (!allowPrivate && isIP(host) !== 0 && !isPublic(host)) throw blocked(host);
}
