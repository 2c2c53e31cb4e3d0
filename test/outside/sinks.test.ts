import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { Json } from '../../src/contract/json.ts';
import { differences, type FlatTable } from '../sinks/flat-table.ts';
import { publishEverywhere, startServers, type Servers } from '../sinks/publish-everywhere.ts';
import { pythonWith } from './python.ts';

// Installs packages first: `npm run test:languages`.
const wanted = process.env['ROWMILL_TEST_OUTSIDE'] === 'languages' ? test : test.skip;

const PROGRAM = fileURLToPath(new URL('read-results.py', import.meta.url));

let servers: Servers;
beforeAll(async () => {
  servers = await startServers();
}, 120_000);
afterAll(() => servers.close());

wanted(
  '100 000 rows are the same cells in every sink, as programs of others read them',
  async () => {
    const { csv, parquet, wanted, texts } = await publishEverywhere(servers, 100_000);
    const python = await pythonWith('duckdb==1.5.3', 'pyarrow==26.0.1');
    if (typeof python === 'string') {
      console.warn(`skipped: no Python with DuckDB and PyArrow: ${python}`);
      return;
    }
    try {
      for (const reader of ['csv', 'duckdb-csv']) {
        const { found } = await readBy(python.bin, reader, csv, texts.columns);
        expect([reader, differences(texts, found)]).toEqual([reader, []]);
      }
      const types = {
        duckdb: { text: 'VARCHAR', boolean: 'BOOLEAN', json: 'JSON', texts: 'VARCHAR[]' },
        pyarrow: {
          text: 'string',
          boolean: 'bool',
          json: 'extension<arrow.json>',
          texts: 'list<element: string not null>',
        },
      };
      for (const reader of ['duckdb', 'pyarrow'] as const) {
        const { found, types: seen } = await readBy(python.bin, reader, parquet, wanted.columns);
        expect([reader, differences(wanted, found)]).toEqual([reader, []]);
        const numbers = reader === 'duckdb' ? ['BIGINT', 'DOUBLE'] : ['int64', 'double'];
        const all = wanted.columns.map(({ kind }) =>
          kind === 'number' ? numbers.shift() : types[reader][kind],
        );
        expect(seen).toEqual(all);
      }
    } finally {
      await python.remove();
    }
  },
);

async function readBy(
  bin: string,
  reader: string,
  path: string,
  columns: FlatTable['columns'],
): Promise<{ found: FlatTable; types: Json[] }> {
  const args = [PROGRAM, reader, path];
  const child = spawn(join(bin, 'python'), args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [printed] = await Promise.all([text(child.stdout), once(child, 'close')]);
  expect([reader, child.exitCode]).toEqual([reader, 0]);
  const [names = [], types = [], ...rows] = printed
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Json[]);
  expect(names).toEqual(columns.map(({ name }) => name));
  // These readers give JSON as text.
  const valueOf = (value: Json, at: number): Json =>
    columns[at]?.kind === 'json' && typeof value === 'string' ? (JSON.parse(value) as Json) : value;
  return { found: { columns, rows: rows.map((row) => row.map(valueOf)) }, types };
}
