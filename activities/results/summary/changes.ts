import { createHash } from 'node:crypto';
import { byName } from '../../../src/contract/by-name.ts';
import { WORK_FOLDER } from '../../../src/contract/names.ts';
import type { ChangeCounts, ResultRow } from '../../../src/contract/results.ts';
import { RowmillError } from '../../../src/errors.ts';
import {
  changeOf,
  noChanges,
  type Answers,
  type ChangeRules,
} from '../../../src/rules/answers/changes.ts';
import type { Draft, Folder } from '../../../src/store/store.ts';

/** Result lines of a publication. */
export interface Publication {
  lines: () => AsyncIterable<string>;
  bytes: number;
}

export interface ChangesInput {
  /** The publication before; `null`: there was none, and every row is new. */
  before: Publication | null;
  after: Publication;
  rules: ChangeRules;
  /** ISO time of the comparison. */
  at: string;
  signal?: AbortSignal | undefined;
}

/** Bytes of results that are compared in memory at once. */
export const BUCKET_BYTES = 4 * 1024 * 1024;
/** Maximum files that are open at once. */
const MAX_BUCKETS = 64;

/**
 * Writes the rows that differ between two publications: in the order of the later one, vanished rows
 * last. Rows of long lists are sorted into buckets by their key first, so that memory stays bounded.
 * @returns the number of rows by kind of change
 */
export async function writeChanges(
  folder: Folder,
  name: string,
  input: ChangesInput,
  bucketBytes = BUCKET_BYTES,
): Promise<ChangeCounts> {
  const counts = noChanges();
  const draft = await folder.create(name);
  try {
    for await (const { line, change } of changesOf(folder, input, bucketBytes)) {
      await draft.line(line);
      counts[change] += 1;
    }
    await draft.commit();
    return counts;
  } finally {
    await draft.discard();
  }
}

interface Change {
  /** Place of the row in the file. */
  ordinal: number;
  change: keyof ChangeCounts;
  line: string;
}

/** Answers of a row, and its place in the publication. */
interface Row {
  ordinal: number;
  key: string;
  answers: Answers;
}

async function* changesOf(
  folder: Folder,
  input: ChangesInput,
  bucketBytes: number,
): AsyncGenerator<Change> {
  const { before, after } = input;
  const bytes = Math.max(before?.bytes ?? 0, after.bytes);
  const buckets = before === null ? 1 : Math.min(MAX_BUCKETS, Math.ceil(bytes / bucketBytes));
  if (buckets <= 1) {
    yield* compare(before === null ? noRows() : rowsOf(before, input), rowsOf(after, input), input);
    return;
  }
  const work = new Spool(folder, buckets);
  try {
    if (before !== null) await work.sort('before', rowsOf(before, input));
    await work.sort('after', rowsOf(after, input));
    for (let bucket = 0; bucket < buckets; bucket += 1) {
      const changes = compare(work.rows('before', bucket), work.rows('after', bucket), input);
      await work.keep(bucket, changes);
    }
    yield* work.merged();
  } finally {
    await work.remove();
  }
}

/** Vanished rows come after all others. */
const AFTER_ALL = 2 ** 50;

async function* compare(
  before: AsyncIterable<Row>,
  after: AsyncIterable<Row>,
  { rules, at }: ChangesInput,
): AsyncGenerator<Change> {
  const known = new Map<string, Row>();
  for await (const row of before) known.set(row.key, row);
  for await (const { ordinal, key, answers } of after) {
    const change = changeOf(key, known.get(key)?.answers ?? null, answers, rules);
    known.delete(key);
    if (change !== null) yield written(change, at, ordinal);
  }
  for (const { ordinal, key, answers } of known.values()) {
    const change = changeOf(key, answers, null, rules);
    if (change !== null) yield written(change, at, AFTER_ALL + ordinal);
  }
}

const written = (
  change: NonNullable<ReturnType<typeof changeOf>>,
  at: string,
  ordinal: number,
): Change => ({ ordinal, change: change.change, line: JSON.stringify({ ...change, at }) });

async function* noRows(): AsyncGenerator<Row> {}

async function* rowsOf(
  { lines }: Publication,
  { rules, signal }: ChangesInput,
): AsyncGenerator<Row> {
  let ordinal = 0;
  for await (const line of lines()) {
    signal?.throwIfAborted();
    const { key, cells } = rowIn(line);
    const answers = byName(
      rules.columns.flatMap((column) => {
        const value = Object.hasOwn(cells, column) ? (cells[column]?.value ?? null) : null;
        return value === null ? [] : [[column, value] as const];
      }),
    );
    yield { ordinal, key, answers };
    ordinal += 1;
  }
}

function rowIn(line: string): Pick<ResultRow, 'key' | 'cells'> {
  try {
    // Written by mergeParts; damage shows in the fields that are read.
    const row = JSON.parse(line) as Partial<ResultRow> | null;
    if (typeof row?.key === 'string' && typeof row.cells === 'object') {
      return { key: row.key, cells: row.cells };
    }
  } catch {
    // Reported below, without the parser's message, which quotes the content.
  }
  throw new RowmillError('store_unreadable', 'a line of published results is not a result row');
}

type Side = 'before' | 'after';

/** Working files of a comparison, in the run's folder. */
class Spool {
  readonly #folder: Folder;
  readonly #buckets: number;

  constructor(folder: Folder, buckets: number) {
    this.#folder = folder;
    this.#buckets = buckets;
  }

  /** Sorts rows into buckets by their key. */
  async sort(side: Side, rows: AsyncIterable<Row>): Promise<void> {
    const drafts: Draft[] = [];
    try {
      for (let bucket = 0; bucket < this.#buckets; bucket += 1) {
        drafts.push(await this.#folder.create(nameOf(side, bucket)));
      }
      for await (const row of rows) {
        await drafts[bucketOf(row.key, this.#buckets)]?.line(JSON.stringify(row));
      }
      for (const draft of drafts) await draft.commit();
    } finally {
      for (const draft of drafts) await draft.discard();
    }
  }

  async *rows(side: Side, bucket: number): AsyncGenerator<Row> {
    // Written by `sort` in this shape.
    for await (const line of this.#lines(side, bucket)) yield JSON.parse(line) as Row;
  }

  /** Keeps the changes of a bucket, which come in their order. */
  async keep(bucket: number, changes: AsyncIterable<Change>): Promise<void> {
    const draft = await this.#folder.create(nameOf('changes', bucket));
    try {
      for await (const change of changes) await draft.line(JSON.stringify(change));
      await draft.commit();
    } finally {
      await draft.discard();
    }
  }

  /** Changes of all buckets in the order of the file. */
  async *merged(): AsyncGenerator<Change> {
    const open: { head: Change; rest: AsyncIterator<string> }[] = [];
    const next = async (rest: AsyncIterator<string>): Promise<Change | null> => {
      const line = await rest.next();
      // Written by `keep` in this shape.
      return line.done === true ? null : (JSON.parse(line.value) as Change);
    };
    try {
      for (let bucket = 0; bucket < this.#buckets; bucket += 1) {
        const rest = this.#lines('changes', bucket)[Symbol.asyncIterator]();
        const head = await next(rest);
        if (head !== null) open.push({ head, rest });
      }
      while (open.length > 0) {
        const first = open.reduce((a, b) => (a.head.ordinal < b.head.ordinal ? a : b));
        yield first.head;
        const head = await next(first.rest);
        if (head === null) open.splice(open.indexOf(first), 1);
        else first.head = head;
      }
    } finally {
      // Closes the files of a comparison that was interrupted.
      for (const { rest } of open) await rest.return?.();
    }
  }

  async remove(): Promise<void> {
    for (const name of await this.#folder.list(WORK)) await this.#folder.remove(name);
  }

  #lines(what: Side | 'changes', bucket: number): AsyncIterable<string> {
    return this.#folder.lines(nameOf(what, bucket));
  }
}

const WORK = WORK_FOLDER.comparison;

const nameOf = (what: Side | 'changes', bucket: number): string => `${WORK}${what}-${bucket}.jsonl`;

const bucketOf = (key: string, buckets: number): number =>
  createHash('sha256').update(key).digest().readUInt32BE(0) % buckets;
