import { defaultPayloadConverter, type PayloadConverter } from '@temporalio/common';

/** Placeholder for an unreadable payload: no valid request or argument is a text. */
const UNDECODABLE = 'not decodable';

/**
 * The payloads that reach workflow code, as the SDK reads them. One that cannot be decoded would fail
 * the workflow task, again and again; it is for the workflow to refuse.
 */
export const payloadConverter: PayloadConverter = {
  toPayload: (value) => defaultPayloadConverter.toPayload(value),
  fromPayload: (payload) => {
    try {
      return defaultPayloadConverter.fromPayload(payload);
    } catch {
      // Safe cast: the port leaves the type to the caller, which validates the value.
      return UNDECODABLE as never;
    }
  },
};
