import {
  appendFileSync,
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  truncateSync,
} from 'node:fs';
import { z } from 'zod';
import type { Fixed } from '../settings.ts';

const header = z.object({
  journal: z.literal('rowmill sandbox 1'),
  nonce: z.number(),
  credits: z.number(),
  fixed: z.object({
    seed: z.number(),
    failRate: z.number(),
    alwaysFailsRate: z.number(),
    cellMs: z.object({ min: z.number(), max: z.number() }).nullable(),
    factsDigest: z.number(),
  }),
});

const entry = z.object({
  /** API ms. */
  at: z.number(),
  /** Mutation; without it, the line records that a client has seen the state of `at`. */
  do: z.string().optional(),
  args: z.unknown(),
});

export type Entry = z.infer<typeof entry>;

export interface Origin {
  nonce: number;
  credits: number;
  fixed: Fixed;
}

/**
 * Journal of mutations, one JSON line each; a replay restores the state. A line is written before
 * its request is answered, so a killed process loses nothing that a client has seen. (Not synced to
 * the disk: a power failure may lose the end.)
 */
export class Journal {
  readonly #file: number;

  constructor(path: string) {
    this.#file = openSync(path, 'a', 0o600);
  }

  /** Begins a journal that does not exist yet. */
  begin(origin: Origin): void {
    this.#write({ journal: 'rowmill sandbox 1', ...origin });
  }

  append(line: Entry): void {
    this.#write(line);
  }

  close(): void {
    closeSync(this.#file);
  }

  #write(line: object): void {
    appendFileSync(this.#file, `${JSON.stringify(line)}\n`);
  }
}

/** `null` when there is no journal yet. A last line that was cut by a kill is taken off. */
export function readJournal(path: string): { origin: Origin; entries: Entry[] } | null {
  if (!existsSync(path)) return null;
  const bytes = readFileSync(path);
  const end = bytes.lastIndexOf(0x0a) + 1;
  if (end < bytes.length) truncateSync(path, end);
  if (end === 0) return null;
  const [first = '', ...lines] = bytes.toString('utf8', 0, end - 1).split('\n');
  const parsed = header.safeParse(lineOf(first, 1, path));
  if (!parsed.success) throw new Error(`${path} is not a state file of the sandbox`);
  return {
    origin: parsed.data,
    entries: lines.map((line, at) => entry.parse(lineOf(line, at + 2, path))),
  };
}

function lineOf(text: string, number: number, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error(`${path}:${number}: the state file of the sandbox is damaged`, { cause });
  }
}
