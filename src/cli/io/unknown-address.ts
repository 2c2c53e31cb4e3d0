import { RowmillError } from '../../errors.ts';
import { ADDRESSES, listOf, unknownAddress } from '../../sinks/index.ts';

/** Rejects an address that nothing is written to, given with a flag. @throws RowmillError `usage` */
export function refuseUnknownAddress(flag: string, to: string): void {
  const unknown = unknownAddress(to);
  if (unknown === null) return;
  throw new RowmillError('usage', `${flag} ${to}: ${unknown}`, {
    remedy: `Give a path or ${listOf(ADDRESSES)}.`,
  });
}
