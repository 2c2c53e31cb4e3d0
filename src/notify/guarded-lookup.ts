import { lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { RowmillError } from '../errors.ts';
import { isPublic } from './address.ts';

/**
 * Resolves a name for one connection, to addresses that may be called. The connection goes to just
 * the address that was judged: a name that answers differently a moment later changes nothing.
 */
export const guardedLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, found) => {
    if (error !== null) {
      callback(error, '');
      return;
    }
    const allowed = found.filter(({ address }) => isPublic(address));
    const [first] = allowed;
    if (first === undefined) callback(blocked(hostname), '');
    else if (options.all === true) callback(null, allowed);
    else callback(null, first.address, first.family);
  });
};

/** The address itself is not told: it may say something about the network of the worker. */
export const blocked = (hostname: string): RowmillError =>
  new RowmillError('webhook_refused', `${hostname} is an address of a private network`, {
    remedy: 'Use a public address, or set ROWMILL_WEBHOOK_ALLOW_PRIVATE=1 where the worker runs.',
  });
