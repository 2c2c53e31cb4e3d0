import { publishTo } from '../../src/sinks/publish.ts';
import { tableSinkOf } from '../../src/sinks/tables.ts';
import type { Folder } from '../../src/store/store.ts';
import type { Job } from './bare/rows.ts';
import { COLUMNS, RESULTS } from './rows.ts';

type BareWriter = (job: Job) => Promise<void>;

/** A sink, and a bare writer of the same library. */
export interface Writers {
  /** Loads the bare writer, and with it the libraries of both. */
  bare(): Promise<BareWriter>;
  sink(folder: Folder, to: string): Promise<unknown>;
}

export interface Contender extends Writers {
  what: string;
  /** Kind of place that it writes to. */
  place: 'folder' | 'bucket' | 'table';
  /** Writes the rows that are there already: each contender those that it finds. @default none */
  before?: Writers;
}

const file =
  (format: string, types: 'off' | 'check' = 'off') =>
  (folder: Folder, to: string): Promise<unknown> =>
    publishTo({ to, format, types }, folder, RESULTS, COLUMNS);

/** Publishes as this run: the same rows of another run are no repeat. */
const table =
  (run: string) =>
  (folder: Folder, to: string): Promise<unknown> => {
    const target = {
      postgres: { urlEnv: 'WAREHOUSE_URL', table: to, mode: 'upsert' as const },
    };
    return tableSinkOf(target).publish(folder, target, {
      storeName: RESULTS,
      columns: COLUMNS,
      run: { workflowId: `${run} ${to}`, firstRunId: to },
      pipeline: 'bench',
      env: process.env,
    });
  };

const postgres = () => import('./bare/postgres.ts');

const newTable: Writers = {
  bare: async () => (await postgres()).bare,
  sink: table('first'),
};

/** Every sink, by a name for arguments. */
export const CONTENDERS: Readonly<Record<string, Contender>> = {
  jsonl: {
    what: 'JSON Lines',
    place: 'folder',
    bare: async () => (await import('./bare/jsonl.ts')).bare,
    sink: file('jsonl'),
  },
  'typed-jsonl': {
    what: 'JSON Lines with types',
    place: 'folder',
    bare: async () => (await import('./bare/typed-jsonl.ts')).bare,
    sink: file('jsonl', 'check'),
  },
  csv: {
    what: 'CSV',
    place: 'folder',
    bare: async () => (await import('./bare/csv.ts')).bare,
    sink: file('csv'),
  },
  parquet: {
    what: 'Parquet',
    place: 'folder',
    bare: async () => (await import('./bare/parquet.ts')).bare,
    sink: file('parquet', 'check'),
  },
  s3: {
    what: 'S3',
    place: 'bucket',
    bare: async () => (await import('./bare/s3.ts')).bare,
    sink: file('jsonl'),
  },
  postgres: {
    what: 'PostgreSQL, new table',
    place: 'table',
    ...newTable,
  },
  upsert: {
    what: 'PostgreSQL, rows that are there',
    place: 'table',
    bare: async () => (await postgres()).bareUpsert,
    sink: table('second'),
    before: newTable,
  },
};
