import { endpointName } from './endpoint.ts';
import {
  FAULTS,
  ENDPOINT,
  fieldsOf,
  textOf,
  type S3FaultKind,
  type S3Operation,
  type Seen,
} from './fault-table.ts';

/** A failed request, classified by what an operator does about it. */
export class S3Fault extends Error {
  readonly kind: S3FaultKind;
  /** Reason for display, without the place. */
  readonly reason: string;
  readonly remedy: string;
  /** True if other credentials may be found at the next attempt. */
  readonly ofCredentials: boolean;

  constructor(
    kind: S3FaultKind,
    reason: string,
    remedy: string,
    cause: unknown,
    ofCredentials = false,
  ) {
    super(reason, { cause });
    this.kind = kind;
    this.reason = reason;
    this.remedy = remedy;
    this.ofCredentials = ofCredentials;
  }

  /** True if the same request may succeed later, without a change of its address. */
  get passes(): boolean {
    return this.kind === 'unreachable' || this.kind === 'taken' || this.ofCredentials;
  }
}

/** Errors of connections: `ECONNREFUSED`, a time limit, an answer that ends too early. */
const CONNECTION =
  /^(E[A-Z_]+|ERR_[A-Z_]+|UND_ERR_[A-Z_]+)$|timeout|abort|socket|network|premature/i;

/** Converts an error of the SDK. */
export function faultOf(error: unknown, operation: S3Operation, bucket: string): S3Fault {
  if (error instanceof S3Fault) return error;
  const seen = seenIn(error, operation, bucket);
  const row = FAULTS.find(
    ({ names, statuses, text }) =>
      names?.includes(seen.name) === true ||
      statuses?.includes(seen.status) === true ||
      text?.test(seen.text) === true,
  );
  if (row !== undefined) {
    return new S3Fault(
      row.kind,
      row.reason(seen),
      row.remedy(seen),
      error,
      row.ofCredentials === true,
    );
  }
  if (seen.status === 0 && isOfConnection(error)) {
    return new S3Fault(
      'unreachable',
      `${endpointName()} does not answer (${codeIn(error)})`,
      ENDPOINT,
      error,
    );
  }
  const what = seen.status === 0 ? seen.name : `${seen.name} ${seen.status}`;
  return new S3Fault(
    'refused',
    `${endpointName()} refuses to ${operation} (${what})`,
    ENDPOINT,
    error,
  );
}

function seenIn(error: unknown, operation: S3Operation, bucket: string): Seen {
  const fields = fieldsOf(error);
  const metadata = fieldsOf(fields['$metadata']);
  const status = metadata['httpStatusCode'];
  return {
    name: textOf(fields['name']) || textOf(fields['Code']) || 'Error',
    text: textOf(fields['message']),
    status: typeof status === 'number' ? status : 0,
    operation,
    bucket,
    error,
  };
}

const codeIn = (error: unknown): string => {
  const { code, name } = fieldsOf(error);
  return textOf(code) || textOf(name) || 'Error';
};

const isOfConnection = (error: unknown): boolean => {
  const { code, name, message } = fieldsOf(error);
  return [code, name, message].some((text) => CONNECTION.test(textOf(text)));
};
