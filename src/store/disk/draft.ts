import { RowmillError } from '../../errors.ts';
import type { Draft } from '../store.ts';
import type { AtomicFile } from './atomic-file.ts';
import { openAtomicFile } from './atomic-file.ts';
import { BLOCK_BYTES, FIRST_BLOCK_BYTES, releaseBlock, takeBlock } from './buffer-pool.ts';
import { storeError, writing } from './disk-error.ts';

const LINE_END = 0x0a;
/** Placeholder after the end. */
const NO_BLOCK = Buffer.alloc(0);
/** Maximum UTF-8 bytes of one UTF-16 unit. */
const MAX_BYTES_PER_UNIT = 3;

/** Opens a draft of lines; `path` appears on commit. */
export const openDraft = async (path: string): Promise<Draft> =>
  draftOf(path, await writing(path, () => openAtomicFile(path)));

/** Checks whether the line and its end fit; counts bytes only if it is close. */
const fits = (line: string, bytes: number): boolean =>
  line.length * MAX_BYTES_PER_UNIT < bytes || Buffer.byteLength(line) < bytes;

const TAKEN = Promise.resolve();

const refused = (what: string, path: string): Promise<never> =>
  Promise.reject(new RowmillError('internal', what, { where: path }));

/** Makes a draft of lines from a file that appears on commit. */
export const draftOf = (path: string, file: AtomicFile): Draft => {
  let block: Buffer<ArrayBuffer> = Buffer.allocUnsafeSlow(FIRST_BLOCK_BYTES);
  let used = 0;
  let lines = 0;
  let isClosed = false;
  let failure: RowmillError | null = null;
  let written = Promise.resolve();

  /** Writes many short lines as one block; a longer line has a write of its own. */
  const flush = (next: Buffer<ArrayBuffer>): void => {
    const full = block;
    const chunk = full.subarray(0, used);
    block = next;
    used = 0;
    written = written.then(async () => {
      if (failure !== null) return;
      try {
        await file.write(chunk);
        releaseBlock(full);
      } catch (error) {
        failure = storeError('write', path, error);
      }
    });
  };

  /** Moves the lines of the first, small block to a whole one. */
  const grow = (): void => {
    const whole = takeBlock();
    block.copy(whole, 0, 0, used);
    block = whole;
  };

  const release = (): void => {
    releaseBlock(block);
    block = NO_BLOCK;
  };

  const settled = async (writes: Promise<void>): Promise<void> => {
    await writes;
    if (failure !== null) throw failure;
  };

  return {
    line: (line) => {
      // Not async: creating a promise for each of millions of lines takes longer than writing them.
      if (line.includes('\n')) return refused('a line must not contain a line end', path);
      if (isClosed) return refused('line after the end', path);
      lines += 1;
      // Encoding directly into the block is five times as fast as joining strings first.
      const before = written;
      if (block.length < BLOCK_BYTES && !fits(line, block.length - used)) grow();
      if (!fits(line, block.length - used)) {
        const bytes = Buffer.byteLength(line) + 1;
        flush(bytes > BLOCK_BYTES ? Buffer.allocUnsafeSlow(bytes) : takeBlock());
      }
      used += block.write(line, used);
      block[used] = LINE_END;
      used += 1;
      // Waits for the write before the last: one block is written while the next one fills.
      return before === written ? TAKEN : settled(before);
    },
    commit: async () => {
      if (isClosed) return refused('commit of a closed draft', path);
      isClosed = true;
      if (used > 0) flush(NO_BLOCK);
      release();
      try {
        await settled(written);
      } catch (error) {
        await file.discard().catch(() => undefined);
        throw error;
      }
      return { lines, ...(await writing(path, () => file.commit())) };
    },
    discard: async () => {
      isClosed = true;
      release();
      await written;
      await writing(path, () => file.discard());
    },
  };
};
