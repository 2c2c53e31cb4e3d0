import { Webhook } from 'standardwebhooks';
import { RowmillError } from '../errors.ts';

const PREFIX = 'whsec_';
/** Minimum bytes: the specification requires 24 to 64. */
const MIN_BYTES = 24;
const MAX_BYTES = 64;

/**
 * Creates a signer from a secret, which errors never quote. @throws RowmillError `webhook_refused`
 */
export function signerOf(secret: string, variable: string): Webhook {
  const text = secret.trim();
  const encoded = text.slice(PREFIX.length);
  const key = Buffer.from(encoded, 'base64');
  const isBase64 = /^[A-Za-z0-9+/]+={0,2}$/.test(encoded);
  if (text.startsWith(PREFIX) && isBase64 && key.length >= MIN_BYTES && key.length <= MAX_BYTES) {
    return new Webhook(key, { format: 'raw' });
  }
  throw new RowmillError(
    'webhook_refused',
    `${variable} is not "${PREFIX}" and ${MIN_BYTES} to ${MAX_BYTES} bytes in base64`,
    { remedy: `Make one: echo "${PREFIX}$(openssl rand -base64 32)".` },
  );
}
