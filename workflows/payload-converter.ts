import { defaultPayloadConverter, type PayloadConverter } from '@temporalio/common';

/** What stands for a payload that nothing can be read from: no request and no argument is a text. */
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
      // The port leaves the type to the caller, who judges what came.
      return UNDECODABLE as never;
    }
  },
};
