import type { ResultRow } from '../../src/contract/results.ts';
import { createFileStore } from '../../src/store/disk/file-store.ts';
import type { Folder } from '../../src/store/store.ts';
import { newPlace } from '../store/place.ts';

export const RESULTS = 'results.jsonl';

export const newFolder = (): Folder =>
  createFileStore(newPlace()).run({ workflowId: 'w', firstRunId: 'r' });

/** Puts rows into the store as a finished run does. */
export const storeResults = async (folder: Folder, rows: ResultRow[]): Promise<void> => {
  const draft = await folder.create(RESULTS);
  for (const row of rows) await draft.line(JSON.stringify(row));
  await draft.commit();
};
