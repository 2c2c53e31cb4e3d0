import type { PublishedFile } from '../../contract/results.ts';
import type { Folder } from '../../store/store.ts';
import { publishFile } from './destination.ts';

const LINE_END = 0x0a;

/**
 * Copies a store file to `path`, byte for byte and atomically. `rows` is its number of lines.
 * Throws `sink_unwritable`, the store's errors, or the reason of the signal, unwrapped.
 */
export const copyFile = (
  folder: Folder,
  storeName: string,
  path: string,
  signal?: AbortSignal,
): Promise<PublishedFile> =>
  publishFile(path, async (write) => {
    let lines = 0;
    let last = LINE_END;
    await folder.visit(storeName, async (piece) => {
      signal?.throwIfAborted();
      lines += lineEndsIn(piece);
      last = piece.at(-1) ?? last;
      await write(piece);
    });
    signal?.throwIfAborted();
    return last === LINE_END ? lines : lines + 1;
  });

const lineEndsIn = (piece: Uint8Array): number => {
  let count = 0;
  let at = piece.indexOf(LINE_END);
  while (at !== -1) {
    count += 1;
    at = piece.indexOf(LINE_END, at + 1);
  }
  return count;
};
