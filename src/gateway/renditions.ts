import { createHash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { csvOptionsOf, exportResults } from '../client/runs/files/results.ts';
import { RUN_FILE } from '../contract/names.ts';
import type { ResultFormatName } from '../sinks/index.ts';
import type { Folder } from '../store/store.ts';

/**
 * Results in other formats than the stored one, rendered once per content. A rendition is an
 * unlinked file: it is freed when closed, however this process ends.
 */
export interface Renditions {
  /** Returns the hex SHA-256 of a stored file. */
  digestOf(folder: Folder, name: string): Promise<string>;
  render(folder: Folder, format: ResultFormatName): Promise<RenderedFile>;
  close(): Promise<void>;
}

export interface RenderedFile {
  size: number;
  /** Call `release` after the last read. */
  read(range: ByteRange): Readable;
  release(): void;
}

/** Maximum renditions kept open for the next caller of the same content. */
const MAX_KEPT = 4;
/** Maximum remembered digests; each belongs to a file that never changes. */
const MAX_DIGESTS = 1_000;

interface Held {
  handle: FileHandle;
  size: number;
  users: number;
  isDropped: boolean;
}

export function createRenditions(): Renditions {
  const digests = new Map<string, Promise<string>>();
  const held = new Map<string, Promise<Held>>();

  const digestOf = async (folder: Folder, name: string): Promise<string> => {
    // Key of a version: the file of a run is complete, and rewritten only by a pass that publishes.
    const key = `${folder.locate(name)}\0${(await folder.size(name)) ?? 'none'}`;
    return remembered(digests, key, MAX_DIGESTS, () => hashOf(folder, name));
  };

  const closeIfUnused = (one: Held): void => {
    if (one.isDropped && one.users === 0) void one.handle.close().catch(() => undefined);
  };
  const drop = async (rendering: Promise<Held>): Promise<void> => {
    const one = await rendering.catch(() => null);
    if (one === null) return;
    one.isDropped = true;
    closeIfUnused(one);
  };

  return {
    digestOf,
    render: async (folder, format) => {
      const digest = await digestOf(folder, RUN_FILE.results);
      const options = format === 'csv' ? JSON.stringify(await csvOptionsOf(folder)) : '';
      const one = await remembered(
        held,
        `${digest} ${format} ${options}`,
        MAX_KEPT,
        () => render(folder, format),
        (old) => void drop(old),
      );
      one.users += 1;
      let isReleased = false;
      return {
        size: one.size,
        read: (range) => Readable.from(piecesOf(one.handle, range), { objectMode: false }),
        release: () => {
          if (isReleased) return;
          isReleased = true;
          one.users -= 1;
          closeIfUnused(one);
        },
      };
    },
    close: async () => {
      await Promise.all([...held.values()].map(drop));
      held.clear();
    },
  };
}

/** Computes a value once, also for concurrent callers; a failure is retried. */
function remembered<T>(
  known: Map<string, Promise<T>>,
  key: string,
  max: number,
  make: () => Promise<T>,
  onDropped: (old: Promise<T>) => void = () => undefined,
): Promise<T> {
  const there = known.get(key);
  if (there !== undefined) {
    // Moves the entry to the end: the newest is last.
    known.delete(key);
    known.set(key, there);
    return there;
  }
  const made = make();
  known.set(key, made);
  made.catch(() => {
    if (known.get(key) === made) known.delete(key);
  });
  for (const [oldest, value] of known) {
    if (known.size <= max) break;
    known.delete(oldest);
    onDropped(value);
  }
  return made;
}

const PIECE_BYTES = 64 * 1024;

/** Reads by hand: an aborted stream of a shared handle would close it for all readers. */
async function* piecesOf(handle: FileHandle, { start, end }: ByteRange): AsyncGenerator<Buffer> {
  for (let at = start; at < end;) {
    const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, end - at));
    const { bytesRead } = await handle.read(piece, 0, piece.length, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    yield piece.subarray(0, bytesRead);
  }
}

async function render(folder: Folder, format: ResultFormatName): Promise<Held> {
  const rendition = await exportResults(folder, format);
  try {
    const handle = await open(rendition.path, 'r');
    return { handle, size: rendition.bytes, users: 0, isDropped: false };
  } finally {
    // The open file remains after its name is removed.
    await rendition.remove();
  }
}

async function hashOf(folder: Folder, name: string): Promise<string> {
  const hash = createHash('sha256');
  if (await folder.exists(name)) {
    await folder.visit(name, (piece) => {
      hash.update(piece);
      return Promise.resolve();
    });
  }
  return hash.digest('hex');
}

/** Bytes [start, end) of a file. */
export interface ByteRange {
  start: number;
  end: number;
}

/**
 * Parses the header Range for a file of this size (RFC 9110, 14.2): one range of bytes. Ignores
 * anything else, as the RFC requires.
 */
export function byteRange(header: string | undefined, size: number): ByteRange | 'all' | 'none' {
  const [, first = '', last = ''] =
    /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? '') ?? [];
  if (first === '' && last === '') return 'all';
  if (first === '') {
    const length = Math.min(Number(last), size);
    return length === 0 ? 'none' : { start: size - length, end: size };
  }
  const start = Number(first);
  const end = last === '' ? size : Math.min(Number(last) + 1, size);
  if (last !== '' && Number(last) < start) return 'all';
  return start >= size ? 'none' : { start, end };
}
