import { createHmac } from 'node:crypto';
import { RowmillError } from '../errors.ts';

const PREFIX = 'whsec_';
/** The form asks for 24 to 64 bytes. */
const LEAST_BYTES = 24;
const MOST_BYTES = 64;

/** The key in a secret. The text is never repeated. @throws RowmillError `webhook_refused` */
export function keyOf(secret: string, variable: string): Buffer {
  const text = secret.trim();
  const encoded = text.slice(PREFIX.length);
  const key = Buffer.from(encoded, 'base64');
  const isBase64 = /^[A-Za-z0-9+/]+={0,2}$/.test(encoded);
  if (
    text.startsWith(PREFIX) &&
    isBase64 &&
    key.length >= LEAST_BYTES &&
    key.length <= MOST_BYTES
  ) {
    return key;
  }
  throw new RowmillError(
    'webhook_refused',
    `${variable} is not "${PREFIX}" and ${LEAST_BYTES} to ${MOST_BYTES} bytes in base64`,
    { remedy: `Make one: echo "${PREFIX}$(openssl rand -base64 32)".` },
  );
}

/** `v1,<base64>` over id, time (epoch seconds) and body, as Standard Webhooks has it. */
export function signatureOf(key: Buffer, id: string, seconds: number, body: string): string {
  const signed = createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64');
  return `v1,${signed}`;
}
