import type { S3Client } from '@aws-sdk/client-s3';
import { fence } from '../fence.ts';
import { endpointOf, type Env } from './endpoint.ts';
import { faultOf } from './fault.ts';
import type { S3Operation } from './fault-table.ts';

/** The SDK, loaded at the first use: most processes never need it. */
export interface S3 {
  sdk: typeof import('@aws-sdk/client-s3');
  client: S3Client;
}

/** Limits after which a request counts as lost, in ms. */
const LIMITS = {
  connectionTimeout: 10_000,
  requestTimeout: 60_000,
  socketTimeout: 60_000,
  throwOnRequestTimeout: true,
};

/** Attempts of a request that the server throttles or does not answer; the SDK waits between them. */
const ATTEMPTS = 5;

let current: { settings: string; s3: Promise<S3> } | null = null;

/** Returns the client of this process; a new one once the variables of the SDK have changed. */
export async function openS3(env: Env = process.env): Promise<S3> {
  const settings = JSON.stringify(Object.entries(env).filter(([name]) => name.startsWith('AWS_')));
  if (current?.settings !== settings) current = { settings, s3: createS3(env) };
  return current.s3;
}

async function createS3(env: Env): Promise<S3> {
  const [sdk, { defaultProvider }] = await Promise.all([
    import('@aws-sdk/client-s3'),
    import('@aws-sdk/credential-provider-node'),
  ]);
  const isElsewhere = endpointOf(env) !== null;
  const region = env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'];
  const client = new sdk.S3Client({
    // Servers of other makers know neither the new checksums nor names of buckets as hosts.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    forcePathStyle: isElsewhere,
    requestHandler: LIMITS,
    // Files of credentials are read again, since an operator may have renewed them.
    credentials: defaultProvider({ ignoreCache: true }),
    ...(region === undefined ? {} : { region }),
    // Most of them have no regions, and a signature needs one.
    ...(region === undefined && isElsewhere && env['AWS_PROFILE'] === undefined
      ? { region: 'us-east-1' }
      : {}),
    ...(env['AWS_MAX_ATTEMPTS'] === undefined ? { maxAttempts: ATTEMPTS } : {}),
  });
  return { sdk, client: fenced(client) };
}

/** Holds back each attempt of a request that changes something, beneath the retries of the SDK. */
function fenced(client: S3Client): S3Client {
  const { requestHandler } = client.config;
  const handle = requestHandler.handle.bind(requestHandler);
  requestHandler.handle = (request, options = {}) => {
    // The SDK's types leave open what a request is.
    const { method } = request as { method: string };
    if (['GET', 'HEAD'].includes(method)) return handle(request, options);
    return fence().change((closing) => {
      // No call here has a signal of its own.
      return handle(request, { ...options, abortSignal: closing });
    });
  };
  return client;
}

/** Runs a request. @throws S3Fault */
export async function s3Request<T>(
  operation: S3Operation,
  bucket: string,
  request: (s3: S3) => Promise<T>,
): Promise<T> {
  try {
    return await request(await openS3());
  } catch (error) {
    const fault = faultOf(error, operation, bucket);
    // The SDK keeps credentials; the next attempt reads renewed ones.
    if (fault.ofCredentials) current = null;
    throw fault;
  }
}
