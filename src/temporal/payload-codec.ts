import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Payload, PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';
import { LOCKED_METADATA } from '../contract/payloads.ts';
import { RowmillError } from '../errors.ts';
import type { PayloadKey } from './payload-keys.ts';

const { Payload: Message } = proto.temporal.api.common.v1;

/** Metadata of an encrypted payload: that of Temporal's own encryption samples. */
const ENCODING = 'encoding';
const ENCRYPTED = 'binary/encrypted';
const KEY_ID = 'encryption-key-id';

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export interface PayloadCodecOptions {
  /**
   * Marks input of a workflow that it cannot decrypt, so that workflow code can refuse it, instead
   * of throwing. @default false
   */
  marksLocked?: boolean;
}

/**
 * Codec of everything that Temporal holds: AES-256-GCM, in the format of Temporal's own samples, so
 * that backends in other languages can share the keys. The first key encrypts. Without keys it
 * encrypts nothing. It passes on what is not encrypted, such as older histories.
 */
export function createPayloadCodec(
  keys: readonly PayloadKey[],
  { marksLocked = false }: PayloadCodecOptions = {},
): PayloadCodec {
  const [newest] = keys;
  const known = new Map(keys.map((key) => [key.id, key]));
  const open = (payload: Payload): Payload => {
    const id = textIn(payload, KEY_ID) ?? '';
    const key = known.get(id);
    if (key === undefined) throw locked(id, keys);
    return decrypt(payload, key);
  };
  return {
    encode: (payloads) =>
      attempt(() =>
        newest === undefined ? payloads : payloads.map((payload) => encrypt(payload, newest)),
      ),
    decode: (payloads, context) =>
      attempt(() =>
        payloads.map((payload) => {
          if (!isEncrypted(payload)) return payload;
          if (!marksLocked || context?.type !== 'workflow') return open(payload);
          return openOrMark(payload, open);
        }),
      ),
  };
}

/** Converts a throw into a rejection: the SDK awaits a codec. */
const attempt = <T>(work: () => T): Promise<T> => new Promise((resolve) => resolve(work()));

export const isEncrypted = (payload: Payload): boolean => textIn(payload, ENCODING) === ENCRYPTED;

/** Returns the id of the key of an encrypted payload; `null` for one that is not encrypted. */
export const keyIdOf = (payload: Payload): string | null =>
  isEncrypted(payload) ? (textIn(payload, KEY_ID) ?? '') : null;

function encrypt(payload: Payload, { id, secret }: PayloadKey): Payload {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, secret, nonce);
  const plain = Message.encode(payload).finish();
  const data = Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  return { metadata: { [ENCODING]: Buffer.from(ENCRYPTED), [KEY_ID]: Buffer.from(id) }, data };
}

function decrypt({ data }: Payload, { id, secret }: PayloadKey): Payload {
  try {
    const bytes = Buffer.from(data ?? []);
    const decipher = createDecipheriv(CIPHER, secret, bytes.subarray(0, NONCE_BYTES));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    const sealed = bytes.subarray(NONCE_BYTES, -TAG_BYTES);
    const { metadata, data: plain } = Message.decode(
      Buffer.concat([decipher.update(sealed), decipher.final()]),
    );
    return { metadata, data: plain };
  } catch (cause) {
    throw new RowmillError(
      'payload_key_missing',
      `the key ${id} that is here does not decrypt a payload`,
      {
        remedy: `Another key has had this id: set that one as ${id}, and give the one that is here another id.`,
        cause,
      },
    );
  }
}

/** Leaves the payload as it is and says why, for the converter of workflow code. */
function openOrMark(payload: Payload, open: (payload: Payload) => Payload): Payload {
  try {
    return open(payload);
  } catch (error) {
    if (!(error instanceof RowmillError)) throw error;
    const why = JSON.stringify({ what: error.what, remedy: error.remedy });
    return { ...payload, metadata: { ...payload.metadata, [LOCKED_METADATA]: Buffer.from(why) } };
  }
}

const locked = (id: string, keys: readonly PayloadKey[]): RowmillError => {
  const here = keys.length === 0 ? 'no keys are' : `only ${keys.map((key) => key.id).join(', ')}`;
  const what = `a payload is encrypted with the key ${id.slice(0, 80)}, and ${here} here`;
  return new RowmillError('payload_key_missing', what);
};

const textIn = ({ metadata }: Payload, name: string): string | undefined => {
  const value = metadata?.[name];
  return value === undefined ? undefined : Buffer.from(value).toString('utf8');
};
