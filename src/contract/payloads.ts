/** Marks between the payload codec of a worker and the converters of workflow code. */

/** Metadata of an encrypted payload that the worker has no key for: why, as text. */
export const LOCKED_METADATA = 'rowmill-locked';

/** Global of workflow code: true if failures must hold their texts in a payload. */
export const ENCODES_FAILURES = 'rowmillEncodesFailures';
