import type { ResultTarget } from '../contract/pipeline.ts';
import type { PublishedFile } from '../contract/results.ts';
import type { Folder } from '../store/store.ts';
import { sinkOf } from './index.ts';
import type { ResultColumns } from './port/sink.ts';

/**
 * Publishes finished results (a file of `ResultRow` lines in the store) to a target, as the port
 * describes. A file has mode 0600; its folder is created if missing.
 */
export const publishTo = (
  target: ResultTarget,
  folder: Folder,
  storeName: string,
  columns: ResultColumns,
  signal?: AbortSignal,
): Promise<PublishedFile> =>
  sinkOf(target).publish(folder, target, {
    storeName,
    columns,
    ...(signal === undefined ? {} : { signal }),
  });
