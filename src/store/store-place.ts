import { hostname } from 'node:os';
import { z } from 'zod';
import { isS3 } from '../s3/address.ts';
import { endpointName } from '../s3/endpoint.ts';
import type { Store } from './store.ts';

/** Place of a store as one process sees it: two machines may have a disk at the same path. */
export interface StorePlace {
  location: string;
  /** S3 server, or host of the disk. */
  at: string;
}

const shape = z.object({ location: z.string(), at: z.string() }).nullable().catch(null);

/** Reads the place that a client has sent; `null`: it named none. */
export const readStorePlace = (given: unknown): StorePlace | null => shape.parse(given);

export const placeOfStore = ({ location }: Pick<Store, 'location'>): StorePlace => ({
  location,
  at: isS3(location) ? endpointName() : hostname(),
});

/** Describes a place as `/data/store on web-1` or `s3://bucket/prefix at AWS`. */
export const showPlace = ({ location, at }: StorePlace): string =>
  `${location} ${isS3(location) ? 'at' : 'on'} ${at}`;

/** Says how client and worker get one store; each was read or set in its own environment. */
export function shareStore(client: StorePlace, worker: StorePlace): string {
  const { location } = client;
  if (location === worker.location) {
    if (client.at === worker.at) return 'The rows were removed from there: start the run again.';
    return isS3(location)
      ? `Give both the same AWS_ENDPOINT_URL; ${AGAIN}`
      : `Mount one disk at ${location} on both hosts, or set ROWMILL_STORE=s3://bucket/prefix for both; ${AGAIN}`;
  }
  const forWorker = `ROWMILL_STORE=${location} for the worker`;
  const forClient = `ROWMILL_STORE=${worker.location} for the client (in code: \`store\`)`;
  // A bucket is seen from everywhere, a disk from one machine.
  const ways =
    isS3(location) === isS3(worker.location)
      ? [forWorker, forClient]
      : [isS3(location) ? forWorker : forClient];
  const shared =
    !isS3(location) && client.at !== worker.at ? ', on a disk that both hosts mount' : '';
  return `Set ${ways.join(', or ')}${ways.length === 2 ? shared : ''}; ${AGAIN}`;
}

const AGAIN = 'then start the run again. Nothing was paid.';
