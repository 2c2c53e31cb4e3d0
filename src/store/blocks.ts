/** Of files, read or written at once. */
export const BLOCK_BYTES = 256 * 1024;

/** Kept for the next file: 4 MiB. */
const MAX_KEPT = 16;

const freeBlocks: Buffer<ArrayBuffer>[] = [];

/**
 * Memory outside of V8's heap, used again and again: left to the garbage collector, hundreds of
 * blocks pile up while a big table is read, because the collector sees only how little heap they use.
 */
export const takeBlock = (): Buffer<ArrayBuffer> =>
  freeBlocks.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES);

/** Gives a block back that nobody reads or writes any more. One of another size is left alone. */
export const releaseBlock = (block: Buffer<ArrayBuffer>): void => {
  if (block.length === BLOCK_BYTES && freeBlocks.length < MAX_KEPT) freeBlocks.push(block);
};
