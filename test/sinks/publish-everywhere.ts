import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { postgres } from '../../src/sinks/postgres/index.ts';
import { publishTo } from '../../src/sinks/publish.ts';
import { newPlace } from '../store/place.ts';
import { useS3 } from '../store/stores.ts';
import { startPostgres, type PostgresServer } from '../support/postgres-server.ts';
import { BUCKET, startS3Server, type S3Server } from '../support/s3-server.ts';
import { asTexts, differences, tableOfLines, type FlatTable } from './flat-table.ts';
import { COLUMNS, NAMES, storeManyRows } from './many-rows.ts';
import { readCsv, readParquet, readS3, readTable } from './read-back.ts';
import { RESULTS } from './results.ts';

/** Servers that have results. */
export interface Servers {
  warehouse: PostgresServer;
  s3: S3Server;
  close(): Promise<void>;
}

/** Starts a PostgreSQL and an S3 server; the AWS SDK of this test file then finds the latter. */
export async function startServers(): Promise<Servers> {
  const [warehouse, s3] = await Promise.all([startPostgres(), startS3Server()]);
  useS3(s3.url);
  return {
    warehouse,
    s3,
    close: async () => {
      await Promise.all([warehouse.close(), s3.stop()]);
    },
  };
}

/** Files of a publication on disk, and what they must hold. */
export interface Everywhere {
  csv: string;
  parquet: string;
  /** The JSON Lines as a table. */
  wanted: FlatTable;
  /** Texts of the table, as the CSV has them. */
  texts: FlatTable;
}

/** Publishes so many rows with every sink, and expects the cells of the JSON Lines everywhere. */
export async function publishEverywhere(
  { warehouse, s3 }: Servers,
  rows: number,
): Promise<Everywhere> {
  const folder = await storeManyRows(rows);
  const [disk, key] = [newPlace(), randomUUID()];
  for (const place of [disk, `s3://${BUCKET}/${key}`]) {
    for (const format of ['jsonl', 'csv', 'parquet']) {
      const options = { types: 'check', csv: { formulas: 'verbatim' } } as const;
      const target = { to: `${place}/rows.${format}`, format, ...options };
      expect(await publishTo(target, folder, RESULTS, COLUMNS)).toMatchObject({ rows });
    }
  }
  const table = { urlEnv: 'WAREHOUSE_URL', table: 'public.rows', mode: 'replace' } as const;
  const context = {
    storeName: RESULTS,
    columns: COLUMNS,
    run: { workflowId: key, firstRunId: key },
    pipeline: 'companies',
    env: { WAREHOUSE_URL: warehouse.url() },
  };
  expect(await postgres.publish(folder, { postgres: table }, context)).toMatchObject({ rows });

  const [lines, csv, parquet] = ['jsonl', 'csv', 'parquet'].map((end) => join(disk, `rows.${end}`));
  const bytesOf = async (path = ''): Promise<Buffer> => {
    const bytes = await readFile(path);
    const there = await readS3(s3, path.replace(disk, key));
    expect([path, bytes.equals(there)]).toEqual([path, true]);
    return bytes;
  };
  const wanted = tableOfLines((await bytesOf(lines)).toString('utf8'), NAMES);
  expect(wanted.rows).toHaveLength(rows);
  const texts = asTexts(wanted);
  const found = await readTable(warehouse, 'public.rows', wanted.columns);
  expect(differences(wanted, found)).toEqual([]);
  const columnar = await readParquet(await bytesOf(parquet), wanted.columns);
  expect(differences(wanted, columnar)).toEqual([]);
  const records = await readCsv(warehouse, await bytesOf(csv), texts.columns);
  expect(differences(texts, records)).toEqual([]);
  return { csv: csv ?? '', parquet: parquet ?? '', wanted, texts };
}
