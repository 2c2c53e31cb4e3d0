import { RowmillError } from '../../src/errors.ts';
import {
  placeOfStore,
  readStorePlace,
  shareStore,
  showPlace,
} from '../../src/store/store-place.ts';
import type { Store } from '../../src/store/store.ts';

/**
 * Creates the error for frozen rows that this worker does not find.
 * @param clientStore Store of the client that started the run, as it named it
 */
export function missingRows(rows: string, store: Store, clientStore: unknown): RowmillError {
  const worker = placeOfStore(store);
  const client = readStorePlace(clientStore);
  const looked = `${rows} are not in the store of this worker, ${showPlace(worker)}`;
  return client === null
    ? new RowmillError('store_unreadable', looked)
    : new RowmillError('store_unreadable', `${looked}; the client has ${showPlace(client)}`, {
        remedy: shareStore(client, worker),
      });
}
