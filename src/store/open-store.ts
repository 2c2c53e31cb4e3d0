import { isS3 } from '../s3/address.ts';
import { createFileStore } from './disk/file-store.ts';
import { createS3Store } from './s3/s3-store.ts';
import type { Store } from './store.ts';

/** Creates the store at `s3://bucket/prefix`, or in a folder on disk. */
export const createStore = (place: string): Store =>
  isS3(place) ? createS3Store(place) : createFileStore(place);
