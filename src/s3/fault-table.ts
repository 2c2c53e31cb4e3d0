import { endpointName } from './endpoint.ts';

/**
 * - `missing`: there is no such object
 * - `unreachable`: no answer, an error of the server (5xx, SlowDown), or a connection that was cut
 * - `denied`: credentials are missing, expired or unknown, or lack a permission
 * - `taken`: the condition of a conditional write does not hold
 * - `full`: the server has no room
 * - `refused`: anything else, such as a missing bucket or a wrong region
 */
export type S3FaultKind = 'missing' | 'unreachable' | 'denied' | 'taken' | 'full' | 'refused';

export type S3Operation = 'read' | 'list' | 'write' | 'delete';

const PERMISSIONS: Record<S3Operation, string> = {
  read: 's3:GetObject',
  list: 's3:ListBucket',
  write: 's3:PutObject',
  delete: 's3:DeleteObject',
};

/** Known facts of a failed request. */
export interface Seen {
  name: string;
  text: string;
  status: number;
  operation: S3Operation;
  bucket: string;
  error: unknown;
}

/** Kind of failure: how it is recognised, and what it means. */
export interface FaultRow {
  /** Names of the SDK's errors. */
  names?: readonly string[];
  statuses?: readonly number[];
  text?: RegExp;
  kind: S3FaultKind;
  ofCredentials?: true;
  reason: (seen: Seen) => string;
  remedy: (seen: Seen) => string;
}

const RENEW =
  'Renew the credentials that the AWS SDK finds (AWS_ACCESS_KEY_ID, a profile, a role).';
const LATER = 'It is tried again; see the status of the server.';
export const ENDPOINT = 'Check AWS_ENDPOINT_URL, AWS_REGION and the network.';

/** The first row that fits counts. */
export const FAULTS: readonly FaultRow[] = [
  {
    // Refused before it left, by the fence of the step.
    names: ['RowmillError'],
    kind: 'unreachable',
    reason: ({ text }) => text,
    remedy: () => 'Nothing: the step is tried again.',
  },
  {
    names: ['NoSuchBucket'],
    kind: 'refused',
    reason: ({ bucket }) => `there is no bucket ${bucket} at ${endpointName()}`,
    remedy: () => 'Create the bucket, or correct the address (AWS_ENDPOINT_URL, AWS_REGION).',
  },
  {
    names: ['ExpiredToken', 'ExpiredTokenException', 'TokenRefreshRequired', 'RequestExpired'],
    kind: 'denied',
    ofCredentials: true,
    reason: () => 'the credentials have expired',
    remedy: () => RENEW,
  },
  {
    names: ['CredentialsProviderError', 'TokenProviderError'],
    kind: 'denied',
    ofCredentials: true,
    reason: () => 'the AWS SDK finds no credentials',
    remedy: () =>
      'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or give the machine a role.',
  },
  {
    names: [
      'InvalidAccessKeyId',
      'InvalidToken',
      'InvalidClientTokenId',
      'UnrecognizedClientException',
    ],
    kind: 'denied',
    ofCredentials: true,
    reason: () => `the credentials are unknown at ${endpointName()}`,
    remedy: () => RENEW,
  },
  {
    names: ['SignatureDoesNotMatch'],
    kind: 'denied',
    ofCredentials: true,
    reason: () => `the secret key does not fit the access key at ${endpointName()}`,
    remedy: () => RENEW,
  },
  {
    names: ['RequestTimeTooSkewed'],
    kind: 'denied',
    reason: () => 'the clock of this machine is wrong by more than 15 minutes',
    remedy: () => 'Set the clock (NTP).',
  },
  {
    names: [
      'AuthorizationHeaderMalformed',
      'PermanentRedirect',
      'IllegalLocationConstraintException',
    ],
    statuses: [301, 307],
    kind: 'refused',
    reason: ({ bucket, error }) => `bucket ${bucket} is in ${regionIn(error) ?? 'another region'}`,
    remedy: ({ error }) =>
      `Set AWS_REGION${regionIn(error) === null ? '' : `=${regionIn(error) ?? ''}`}.`,
  },
  {
    text: /^Region is missing/,
    kind: 'refused',
    reason: () => 'no region is set',
    remedy: () => 'Set AWS_REGION to the region of the bucket.',
  },
  {
    text: /object.?lock|\bWORM\b/i,
    kind: 'refused',
    reason: ({ bucket }) =>
      `bucket ${bucket} has object lock, which keeps files from being replaced and deleted`,
    remedy: () => 'Use a bucket without object lock; versioning is no obstacle.',
  },
  {
    names: ['PreconditionFailed', 'ConditionalRequestConflict'],
    statuses: [412],
    kind: 'taken',
    reason: () => 'another process has written it meanwhile',
    remedy: () => 'Nothing: it is tried again.',
  },
  {
    names: ['AccessDenied', 'AllAccessDisabled', 'AccountProblem'],
    statuses: [401, 403],
    kind: 'denied',
    reason: ({ operation, bucket }) =>
      `the credentials may not ${operation} in bucket ${bucket} (${PERMISSIONS[operation]})`,
    remedy: ({ operation }) =>
      operation === 'read'
        ? 'Allow s3:GetObject, and s3:ListBucket: without it a missing file looks forbidden.'
        : `Allow ${PERMISSIONS[operation]} to these credentials.`,
  },
  {
    names: [
      'QuotaExceeded',
      'XMinioStorageFull',
      'XMinioAdminBucketQuotaExceeded',
      'EntityTooLarge',
    ],
    statuses: [507],
    kind: 'full',
    reason: () => 'the server has no room',
    remedy: () => 'Make room; the step is tried again and nothing is lost.',
  },
  {
    names: ['NoSuchUpload'],
    kind: 'unreachable',
    reason: () => 'the upload was cut off',
    remedy: () => 'It is tried again from its start.',
  },
  {
    names: [
      'SlowDown',
      'SlowDownRead',
      'SlowDownWrite',
      'TooManyRequests',
      'ThrottlingException',
      'RequestLimitExceeded',
    ],
    statuses: [429, 503],
    kind: 'unreachable',
    reason: ({ name, status }) => `${endpointName()} is throttling (${name} ${status})`,
    remedy: () => LATER,
  },
  {
    statuses: [500, 502, 504],
    names: [
      'InternalError',
      'RequestTimeout',
      'ServiceUnavailable',
      'BadGateway',
      'GatewayTimeout',
    ],
    kind: 'unreachable',
    reason: ({ name, status }) => `${endpointName()} answers with an error (${name} ${status})`,
    remedy: () => LATER,
  },
  {
    names: ['NoSuchKey', 'NotFound'],
    kind: 'missing',
    reason: () => 'there is no such file',
    remedy: () => 'Check the address.',
  },
  {
    names: ['NotImplemented', 'MethodNotAllowed'],
    statuses: [405, 501],
    kind: 'refused',
    reason: ({ operation }) => `${endpointName()} cannot ${operation} files like an S3 server`,
    remedy: () => ENDPOINT,
  },
  {
    names: ['InvalidBucketName'],
    kind: 'refused',
    reason: ({ bucket }) => `"${bucket}" is not the name of a bucket`,
    remedy: () => 'Correct the address.',
  },
  {
    text: /deserialization error|is not valid JSON|char '.*' is not expected|xml/i,
    kind: 'refused',
    reason: () => `what answers at ${endpointName()} is no S3 server`,
    remedy: () => ENDPOINT,
  },
];

/** Region that AWS names in an error; `null`: none. */
function regionIn(error: unknown): string | null {
  const fields = fieldsOf(error);
  const headers = fieldsOf(fieldsOf(fields['$response'])['headers']);
  const named = fields['Region'] ?? headers['x-amz-bucket-region'];
  if (typeof named === 'string') return named;
  return /expecting '([a-z0-9-]+)'/.exec(textOf(fields['message']))?.[1] ?? null;
}

/** Fields of an error of the SDK, which has no one type. */
export const fieldsOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
