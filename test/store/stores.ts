import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { readS3Address } from '../../src/s3/address.ts';
import { putObject } from '../../src/s3/objects.ts';
import { createStore } from '../../src/store/open-store.ts';
import type { Store } from '../../src/store/store.ts';
import { BUCKET, ROOT_KEY, type S3Server } from '../support/s3-server.ts';
import { newPlace } from './place.ts';

/** An empty store, and a way to put a file into it that rowmill would not write. */
export interface EmptyStore {
  store: Store;
  /** Another store object at the same place, as another process has one. */
  again: () => Store;
  put: (path: string, text: string) => Promise<void>;
}

export const diskStore = (): EmptyStore => {
  const place = newPlace();
  return {
    store: createStore(place),
    again: () => createStore(place),
    put: async (path, text) => {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text);
    },
  };
};

/** Opens a store under a prefix of its own; the AWS SDK of this test file then finds the server. */
export const s3Store = ({ url }: Pick<S3Server, 'url'>): EmptyStore => {
  useS3(url);
  const address = `s3://${BUCKET}/stores/${randomUUID()}`;
  return {
    store: createStore(address),
    again: () => createStore(address),
    put: async (path, text) => {
      const place = readS3Address(path);
      if (typeof place === 'string') throw new Error(place);
      await putObject(place, text);
    },
  };
};

/** Sets the variables that the AWS SDK reads. */
export const useS3 = (url: string, more: Record<string, string> = {}): void => {
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: url,
    AWS_REGION: 'us-east-1',
    ...ROOT_KEY,
    ...more,
  });
};
