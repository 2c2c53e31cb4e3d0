import type { Folder } from '../store/store.ts';

const CHUNK_BYTES = 64 * 1024;
const LINE_END = 0x0a;

/** A line of a file, and the byte at which it begins. */
export interface PlacedLine {
  text: string;
  place: number;
}

/** Reads the lines of a file with the bytes at which they begin. */
export async function* placedLines(folder: Folder, name: string): AsyncGenerator<PlacedLine> {
  let place = 0;
  for await (const text of folder.lines(name)) {
    yield { text, place };
    place += Buffer.byteLength(text) + 1;
  }
}

/** Reads one line of a file by the byte at which it begins. */
export async function lineAt(folder: Folder, name: string, place: number): Promise<string> {
  const pieces: Buffer[] = [];
  for (let start = place; ; start += CHUNK_BYTES) {
    let bytes = 0;
    for await (const piece of folder.read(name, { start, end: start + CHUNK_BYTES })) {
      // A stream of bytes yields buffers.
      const buffer = piece as Buffer;
      const end = buffer.indexOf(LINE_END);
      pieces.push(end === -1 ? buffer : buffer.subarray(0, end));
      if (end !== -1) return Buffer.concat(pieces).toString('utf8');
      bytes += buffer.length;
    }
    if (bytes < CHUNK_BYTES) return Buffer.concat(pieces).toString('utf8');
  }
}
