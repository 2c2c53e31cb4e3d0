import { expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { publishTo } from '../../src/sinks/publish.ts';
import { Missing, resultRow } from '../sinks/result-row.ts';
import { newFolder, RESULTS, storeResults } from '../sinks/results.ts';
import { newPlace } from '../store/place.ts';
import { pythonWith } from './python.ts';

// Installs packages first: `npm run test:languages`.
const wanted = process.env['ROWMILL_TEST_OUTSIDE'] === 'languages' ? test : test.skip;

const PROGRAM = fileURLToPath(new URL('read-parquet.py', import.meta.url));
const ANSWERS = {
  staff: { type: 'integer' },
  revenue: { type: 'number' },
  public: { type: 'boolean' },
  board: { type: 'array' },
};

wanted('DuckDB and PyArrow read what was written, cell by cell', async () => {
  const python = await pythonWith('duckdb==1.5.3', 'pyarrow==26.0.1');
  if (typeof python === 'string') {
    console.warn(`skipped: no Python with DuckDB and PyArrow: ${python}`);
    return;
  }
  try {
    const rows = Array.from({ length: 25_000 }, (_, n) => ({
      ...resultRow(
        `k${n}`,
        { input: `Größe ${n}\n"x"` },
        {
          staff: n % 5 === 0 ? new Missing('failed') : n * 1_000_003,
          revenue: n / 3,
          public: n % 2 === 0,
          board: [`Ada ${n}`, 'null'],
        },
      ),
    }));
    const folder = newFolder();
    await storeResults(folder, rows);
    const to = join(newPlace(), 'results.parquet');
    const columns = { columns: Object.keys(ANSWERS), inputs: ['input'], answers: ANSWERS };
    await publishTo({ to, format: 'parquet' }, folder, RESULTS, columns);
    const { stdout } = await promisify(execFile)(join(python.bin, 'python'), [PROGRAM, to], {
      maxBuffer: 64 * 1024 * 1024,
    });
    const read = JSON.parse(stdout) as Record<'duckdb' | 'pyarrow', unknown> & { types: object };
    expect(read.types).toEqual({
      key: 'VARCHAR',
      input: 'VARCHAR',
      staff: 'BIGINT',
      revenue: 'DOUBLE',
      public: 'BOOLEAN',
      board: 'JSON',
      _status: 'VARCHAR',
      _sources: 'VARCHAR[]',
    });
    const wantedRows = rows.map(({ key, input, cells, complete }) => ({
      key,
      input: input['input'],
      staff: cells['staff']?.value,
      revenue: cells['revenue']?.value,
      public: cells['public']?.value,
      board: JSON.stringify(cells['board']?.value),
      _status: complete ? 'complete' : 'staff=failed',
      _sources: [],
    }));
    expect(read.duckdb).toEqual(wantedRows);
    expect(read.pyarrow).toEqual(wantedRows);
  } finally {
    await python.remove();
  }
});
