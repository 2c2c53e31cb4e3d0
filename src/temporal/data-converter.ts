import {
  defaultFailureConverter,
  DefaultFailureConverter,
  defaultPayloadConverter,
  type FailureConverter,
  type LoadedDataConverter,
  type Payload,
} from '@temporalio/common';
import { Client, type ConnectionLike } from '@temporalio/client';
import type { Env } from '../env.ts';
import { RowmillError } from '../errors.ts';
import { createPayloadCodec, keyIdOf } from './payload-codec.ts';
import { KEYS_VARIABLE, payloadKeysOf } from './payload-keys.ts';

/**
 * Returns the converter by which clients write and read payloads. With keys in the environment all of
 * them are encrypted: arguments, results, heartbeats, memos, summaries and the texts of failures.
 * @throws RowmillError `usage` for keys that cannot be read
 */
export function dataConverterOf(env: Env): LoadedDataConverter {
  const keys = payloadKeysOf(env);
  return {
    payloadConverter: defaultPayloadConverter,
    failureConverter: keys.length === 0 ? defaultFailureConverter : encodingFailures(),
    // Without keys too: it names the key that is missing.
    payloadCodecs: [createPayloadCodec(keys)],
  };
}

/** Puts message and stack of failures into a payload, which the codec encrypts. */
export const encodingFailures = (): FailureConverter =>
  new DefaultFailureConverter({ encodeCommonAttributes: true });

/** Creates a client that encrypts and decrypts with the keys of the environment. */
export const openClient = (
  { connection, namespace }: { connection: ConnectionLike; namespace: string },
  env: Env,
): Client => new Client({ connection, namespace, dataConverter: dataConverterOf(env) });

/**
 * Rejects a client without any codec where the environment has keys: it would send plain text.
 * @throws RowmillError `usage`
 */
export function refusePlainClient({ options }: Reader, env: Env): void {
  const hasCodec = options.loadedDataConverter.payloadCodecs.length > 0;
  if (hasCodec || payloadKeysOf(env).length === 0) return;
  throw new RowmillError('usage', 'the client does not encrypt, although there are payload keys', {
    where: KEYS_VARIABLE,
    remedy: 'Create it with `dataConverter: Rowmill.dataConverter()`, or leave `client` out.',
  });
}

/** A client of any kind. */
export interface Reader {
  readonly options: { readonly loadedDataConverter: LoadedDataConverter };
}

/**
 * Reads a payload that the server returned raw; `undefined` without one.
 * @throws RowmillError `payload_key_missing`
 */
export async function readPayload(
  { options }: Reader,
  payload: Payload | null | undefined,
): Promise<unknown> {
  if (payload === null || payload === undefined) return undefined;
  const { payloadCodecs, payloadConverter } = options.loadedDataConverter;
  let payloads: Payload[] = [payload];
  for (const codec of [...payloadCodecs].reverse()) payloads = await codec.decode(payloads);
  const [plain] = payloads;
  return plain === undefined ? undefined : payloadConverter.fromPayload(plain);
}

/** Failure as the server returns it. */
interface RawFailure {
  message?: string | null;
  encodedAttributes?: Payload | null;
}

/**
 * Reads the message of a failure that the server returned raw; `null` without one.
 * @throws RowmillError `payload_key_missing`
 */
export async function readFailureMessage(
  reader: Reader,
  failure: RawFailure | null | undefined,
): Promise<string | null> {
  const encoded = await readPayload(reader, failure?.encodedAttributes);
  const isRecord = typeof encoded === 'object' && encoded !== null && 'message' in encoded;
  if (isRecord && typeof encoded.message === 'string') return encoded.message;
  return failure?.message ?? null;
}

/** Checks whether a payload that the server returned raw has the key that this client encrypts with. */
export async function isEncodedAsNow(
  { options }: Reader,
  payload: Payload | null | undefined,
): Promise<boolean> {
  if (payload === null || payload === undefined) return true;
  const { payloadCodecs, payloadConverter } = options.loadedDataConverter;
  let payloads: Payload[] = [payloadConverter.toPayload(null)];
  for (const codec of payloadCodecs) payloads = await codec.encode(payloads);
  const [sample] = payloads;
  return sample !== undefined && keyIdOf(sample) === keyIdOf(payload);
}
