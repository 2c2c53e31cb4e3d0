import { RawValue } from '@temporalio/common';

/** A payload as another SDK may send it: of any encoding, its bytes good or not. */
export const payload = (data: string | Uint8Array, encoding = 'json/plain'): RawValue =>
  RawValue.fromPayload({
    metadata: { encoding: Buffer.from(encoding) },
    data: typeof data === 'string' ? Buffer.from(data) : data,
  });
