/** Size of a block that is read or written at once. */
export const BLOCK_BYTES = 256 * 1024;

/**
 * Size of the first block of a file. Hundreds of runs of few rows start at once, each with some open
 * files. With a whole block for each, 500 of them took 500 MiB.
 */
export const FIRST_BLOCK_BYTES = 8 * 1024;

/** Maximum pooled blocks: 4 MiB. */
const MAX_KEPT = 16;

const freeBlocks: Buffer<ArrayBuffer>[] = [];

/**
 * Takes a block of memory outside V8's heap from the pool. Left to the garbage collector, hundreds
 * of blocks pile up while a big table is read: it sees only their small heap objects.
 */
export const takeBlock = (): Buffer<ArrayBuffer> =>
  freeBlocks.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES);

/** Returns an unused block to the pool; ignores one of another size. */
export const releaseBlock = (block: Buffer<ArrayBuffer>): void => {
  if (block.length === BLOCK_BYTES && freeBlocks.length < MAX_KEPT) freeBlocks.push(block);
};
