import type { ResultTarget } from '../contract/pipeline.ts';
import type { PublishedFile } from '../contract/results.ts';
import type { Folder } from '../store/store.ts';
import { copyBeside } from './copy.ts';
import type { ResultColumns } from './csv-layout.ts';
import { publishCsv } from './csv.ts';

type Publish = (
  folder: Folder,
  storeName: string,
  target: ResultTarget,
  columns: ResultColumns,
  signal?: AbortSignal,
) => Promise<PublishedFile>;

/** One way of writing results for each format. */
const PUBLISH: Record<ResultTarget['format'], Publish> = {
  jsonl: (folder, storeName, { to }, _columns, signal) => copyBeside(folder, storeName, to, signal),
  csv: publishCsv,
};

/**
 * Publishes finished results (a file of `ResultRow` lines in the store) to a target: whole or not
 * at all, safe to repeat, mode 0600, making the folder when it is missing.
 *
 * Throws `sink_unwritable`, the store's errors, or the reason of the signal, unwrapped; whatever
 * was at the target before is untouched then.
 */
export const publishTo = (
  target: ResultTarget,
  folder: Folder,
  storeName: string,
  columns: ResultColumns,
  signal?: AbortSignal,
): Promise<PublishedFile> => PUBLISH[target.format](folder, storeName, target, columns, signal);
