import { defaultPayloadConverter, type PayloadConverter } from '@temporalio/common';
import { lockedValue, lockOf } from './locked-input.ts';

/** Placeholder for an unreadable payload: no valid request or argument is a text. */
const UNDECODABLE = 'not decodable';

/**
 * The payloads that reach workflow code, as the SDK reads them. One that cannot be decoded would fail
 * the workflow task, again and again; it is for the workflow to refuse.
 */
export const payloadConverter: PayloadConverter = {
  toPayload: (value) => defaultPayloadConverter.toPayload(value),
  fromPayload: (payload) => {
    const lock = lockOf(payload);
    // Safe casts: the port leaves the type to the caller, which validates the value.
    if (lock !== null) return lockedValue(lock) as never;
    try {
      return defaultPayloadConverter.fromPayload(payload);
    } catch {
      return UNDECODABLE as never;
    }
  },
};
