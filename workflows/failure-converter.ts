import { DefaultFailureConverter } from '@temporalio/common';
import { ENCODES_FAILURES } from '../src/contract/payloads.ts';

/**
 * Failures of workflow code. Where the worker encrypts, their texts are in a payload, because its codec
 * sees nothing else.
 */
export const failureConverter = new DefaultFailureConverter({
  encodeCommonAttributes: Reflect.get(globalThis, ENCODES_FAILURES) === true,
});
