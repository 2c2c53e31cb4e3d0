import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parquetReadObjects } from 'hyparquet';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { Json } from '../../src/contract/json.ts';
import type { PostgresServer } from '../support/postgres-server.ts';
import { BUCKET, ROOT_KEY, type S3Server } from '../support/s3-server.ts';
import type { FlatTable } from './flat-table.ts';

type Columns = FlatTable['columns'];

/** Every reader here is another program than the one that wrote. */
async function ask<T>(server: PostgresServer, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: server.url() });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/**
 * Reads a CSV by PostgreSQL's COPY, which refuses another header, a record with more or fewer fields,
 * an open quote, a bare CR, and bytes that are no UTF-8.
 */
export const readCsv = (
  server: PostgresServer,
  bytes: Uint8Array,
  columns: Columns,
): Promise<FlatTable> =>
  ask(server, async (client) => {
    const names = columns.map(({ name }) => quoted(name));
    await client.query(
      `CREATE TEMP TABLE read (${names.map((name) => `${name} text`).join(', ')})`,
    );
    const options = `FORMAT csv, HEADER match, ENCODING 'UTF8'`;
    const copy = client.query(copyFrom(`COPY read (${names.join(', ')}) FROM STDIN (${options})`));
    await pipeline(Readable.from([bytes]), copy);
    const rows = await rowsOf(client, 'read', columns);
    // An empty field is a null there.
    return { columns, rows: rows.map((row) => row.map((value) => value ?? '')) };
  });

/** Reads a table of PostgreSQL. */
export const readTable = (
  server: PostgresServer,
  table: string,
  columns: Columns,
): Promise<FlatTable> =>
  ask(server, async (client) => ({ columns, rows: await rowsOf(client, table, columns) }));

async function rowsOf(client: pg.Client, table: string, columns: Columns): Promise<Json[][]> {
  const names = columns.map(({ name }) => quoted(name)).join(', ');
  const found = await client.query<Json[]>({
    text: `SELECT ${names} FROM ${table}`,
    rowMode: 'array',
  });
  // The client gives an int8 as text.
  return found.rows.map((row) =>
    row.map((value, at) =>
      columns[at]?.kind === 'number' && typeof value === 'string' ? Number(value) : value,
    ),
  );
}

/** Keeps a byte order mark, which is a character of a cell. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });

/** Reads a Parquet file. */
export async function readParquet(bytes: Uint8Array, columns: Columns): Promise<FlatTable> {
  const { buffer, byteOffset, byteLength } = bytes;
  const file = buffer.slice(byteOffset, byteOffset + byteLength);
  if (!(file instanceof ArrayBuffer)) throw new Error('the bytes are shared');
  const parsers = { stringFromBytes: (text: Uint8Array) => decoder.decode(text) };
  const rows: Record<string, Json | bigint>[] = await parquetReadObjects({ file, parsers });
  const valueOf = (value: Json | bigint | undefined): Json =>
    typeof value === 'bigint' ? Number(value) : (value ?? null);
  return { columns, rows: rows.map((row) => columns.map(({ name }) => valueOf(row[name]))) };
}

/** Reads a file of the bucket of a test server. */
export async function readS3({ url }: S3Server, key: string): Promise<Buffer> {
  const { S3Client, GetObjectCommand } = await import('@aws-sdk/client-s3');
  const credentials = {
    accessKeyId: ROOT_KEY.AWS_ACCESS_KEY_ID,
    secretAccessKey: ROOT_KEY.AWS_SECRET_ACCESS_KEY,
  };
  const client = new S3Client({
    endpoint: url,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials,
  });
  try {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key: key }));
    return Buffer.from((await Body?.transformToByteArray()) ?? []);
  } finally {
    client.destroy();
  }
}
