import type { AtomicFile } from '../../store/disk/atomic-file.ts';

/**
 * Files at the places where results go: paths, or addresses on S3. Its
 * errors are those of the file system and of S3, unless they are `RowmillError`s already.
 */
export interface TargetFiles {
  /** Resolves links. Throws `sink_unwritable` if no file can be there. */
  destination(path: string): Promise<string>;
  /** Checks, by a file beside the destination, that one can be written and removed there. */
  probe(destination: string, target: string): Promise<void>;
  /** Returns the size in bytes; `null` without the file. */
  size(path: string): Promise<number | null>;
  text(path: string): Promise<string>;
  lines(path: string): AsyncIterable<string>;
  /** Opens a file that appears whole on commit. */
  open(path: string): Promise<AtomicFile>;
  /** Replaces a file by another one beside it, atomically; the other one is gone then. */
  move(from: string, to: string): Promise<void>;
  /** Removes a file; none is no failure. */
  remove(path: string): Promise<void>;
  /** Removes drafts of a file that killed processes have left for a day. */
  removeDrafts(path: string): Promise<void>;
}
