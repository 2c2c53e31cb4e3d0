import { RowmillError } from '../../errors.ts';
import { readS3Address } from '../../s3/address.ts';
import { S3Fault } from '../../s3/fault.ts';
import { readObject } from '../../s3/objects.ts';

/**
 * Reads the bytes of an object on S3.
 * @throws RowmillError `source_not_found`, or `source_unreachable` where a later attempt may succeed
 */
export async function* s3Bytes(address: string): AsyncGenerator<Buffer> {
  const place = readS3Address(address);
  if (typeof place === 'string') {
    throw new RowmillError('source_not_found', place, { where: address });
  }
  try {
    yield* readObject(place);
  } catch (error) {
    if (!(error instanceof S3Fault)) throw error;
    const { passes, reason, remedy } = error;
    throw new RowmillError(passes ? 'source_unreachable' : 'source_not_found', reason, {
      where: address,
      remedy,
      cause: error,
    });
  }
}
