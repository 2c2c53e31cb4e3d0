import { readFileSync } from 'node:fs';
import type { Env } from '../env.ts';
import { RowmillError } from '../errors.ts';

/** Key of AES-256-GCM with its id. */
export interface PayloadKey {
  /** Name of the key in the payloads that it encrypts; not secret. */
  id: string;
  /** 32 bytes. */
  secret: Buffer;
}

/** Variables with the keys, and with the path of a file of them. */
export const KEYS_VARIABLE = 'ROWMILL_PAYLOAD_KEYS';
export const KEYS_FILE_VARIABLE = `${KEYS_VARIABLE}_FILE`;

const KEY_BYTES = 32;
const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const BASE64 = /^[A-Za-z0-9+/_-]{43}=?$/;

/**
 * Reads the keys that encrypt what Temporal holds: `id:key`, separated by commas, or one a line in a
 * file, where `#` begins a comment. The first encrypts; all of them decrypt. No keys: no encryption.
 * @throws RowmillError `usage`, never with a key in it
 */
export function payloadKeysOf(env: Env): PayloadKey[] {
  const given = env[KEYS_VARIABLE]?.trim() ?? '';
  const file = env[KEYS_FILE_VARIABLE]?.trim() ?? '';
  if (given !== '' && file !== '') {
    throw refused(`it and ${KEYS_VARIABLE} are both set`, KEYS_FILE_VARIABLE, 'Leave out one.');
  }
  const where = file === '' ? KEYS_VARIABLE : `${KEYS_FILE_VARIABLE} ${file}`;
  const text = file === '' ? given : read(file, where);
  const entries = text
    .split('\n')
    .filter((line) => !line.trim().startsWith('#'))
    .flatMap((line) => line.split(','))
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  if (file !== '' && entries.length === 0) {
    throw refused('the file has no key', where, `${FORMAT} Leave the variable out for none.`);
  }
  const keys = entries.map((entry, at) => keyOf(entry, at + 1, where));
  const ids = keys.map(({ id }) => id);
  const twice = ids.find((id, at) => ids.indexOf(id) !== at);
  if (twice !== undefined) {
    throw refused(`two keys have the id ${twice}`, where, 'Give each key an id of its own.');
  }
  return keys;
}

const FORMAT =
  'Write id:key, such as 2026-01:$(openssl rand -base64 32); the first encrypts, all of them decrypt.';

/** Parses one entry; an error names its position, never its text, which may be a bare key. */
function keyOf(entry: string, number: number, where: string): PayloadKey {
  const colon = entry.indexOf(':');
  const id = entry.slice(0, Math.max(0, colon));
  if (!ID.test(id)) {
    const what = colon < 0 ? 'has no id' : 'has an id that is not allowed';
    throw refused(
      `key ${number} ${what}`,
      where,
      `${FORMAT} An id has letters, digits, "." and "-".`,
    );
  }
  const text = entry.slice(colon + 1).trim();
  const secret = Buffer.from(text, 'base64');
  if (!BASE64.test(text) || secret.length !== KEY_BYTES) {
    throw refused(`key ${id} is not 32 bytes in base64`, where, FORMAT);
  }
  return { id, secret };
}

function read(file: string, where: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new RowmillError('usage', 'the file of payload keys cannot be read', {
      where,
      remedy: 'Check the path and its permissions.',
      cause,
    });
  }
}

const refused = (what: string, where: string, remedy: string): RowmillError =>
  new RowmillError('usage', what, { where, remedy });
