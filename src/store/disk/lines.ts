import { open } from 'node:fs/promises';
import { BLOCK_BYTES, FIRST_BLOCK_BYTES, releaseBlock, takeBlock } from './buffer-pool.ts';
import { reading } from './disk-error.ts';

const LINE_END = 0x0a;

/** Reads the bytes [start, end) of a file in chunks, to its end if it is shorter. */
export async function* readChunks(
  path: string,
  { start, end }: { start: number; end: number } = { start: 0, end: Infinity },
): AsyncGenerator<Buffer> {
  const handle = await reading(path, () => open(path, 'r'));
  try {
    let at = start;
    while (at < end) {
      const length = Math.min(BLOCK_BYTES, end - at);
      const buffer = Buffer.allocUnsafeSlow(length);
      const { bytesRead } = await reading(path, () => handle.read(buffer, 0, length, at));
      if (bytesRead === 0) return;
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}

/** Reads the bytes of a file; each piece is valid until the next one is requested. */
export async function* readPieces(path: string): AsyncGenerator<Buffer> {
  const handle = await reading(path, () => open(path, 'r'));
  let block: Buffer<ArrayBuffer> = Buffer.allocUnsafeSlow(FIRST_BLOCK_BYTES);
  try {
    for (;;) {
      const { bytesRead } = await reading(path, () => handle.read(block, 0, block.length));
      if (bytesRead === 0) return;
      yield block.subarray(0, bytesRead);
      if (bytesRead === block.length && bytesRead < BLOCK_BYTES) block = takeBlock();
    }
  } finally {
    releaseBlock(block);
    await handle.close();
  }
}

/** Reads the lines of a file without their ends. */
export const readLines = (path: string): AsyncGenerator<string> => linesIn(readPieces(path));

/**
 * Splits bytes into lines without their ends. Only `\n` ends a line: U+2028 is a plain character in
 * JSON, and `readline` would split at it. A last line without an end counts.
 */
export async function* linesIn(pieces: AsyncIterable<Buffer>): AsyncGenerator<string> {
  // Pieces of a line longer than a block, joined once at its end.
  let kept: Buffer[] = [];
  for await (const piece of pieces) {
    let from = 0;
    for (;;) {
      const end = piece.indexOf(LINE_END, from);
      if (end === -1) break;
      if (kept.length === 0) {
        yield piece.toString('utf8', from, end);
      } else {
        kept.push(piece.subarray(from, end));
        yield Buffer.concat(kept).toString('utf8');
        kept = [];
      }
      from = end + 1;
    }
    if (from < piece.length) kept.push(Buffer.from(piece.subarray(from)));
  }
  if (kept.length > 0) yield Buffer.concat(kept).toString('utf8');
}
