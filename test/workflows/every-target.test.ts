import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Json } from '../../src/contract/json.ts';
import type { RunSummary } from '../../src/contract/run.ts';
import { asTexts, differences, tableOfLines, type FlatNames } from '../sinks/flat-table.ts';
import { readCsv, readParquet, readS3, readTable } from '../sinks/read-back.ts';
import { useS3 } from '../store/stores.ts';
import { pipelineInput } from '../support/pipeline-input.ts';
import { startPostgres, type PostgresServer } from '../support/postgres-server.ts';
import { extruct } from '../support/providers/extruct.ts';
import { BUCKET, startS3Server, type S3Server } from '../support/s3-server.ts';
import { executeRun, startTestEnv, type TestEnv } from '../support/test-env.ts';

const COMPANIES = fileURLToPath(new URL('../../examples/companies/companies.csv', import.meta.url));

let warehouse: PostgresServer;
let s3: S3Server;
let testEnv: TestEnv;
beforeAll(async () => {
  [warehouse, s3] = await Promise.all([startPostgres(), startS3Server()]);
  useS3(s3.url);
  process.env['ROWMILL_TEST_WAREHOUSE'] = warehouse.url();
  testEnv = await startTestEnv({ sandbox: { failRate: 0.1, alwaysFailsRate: 0.03, speed: 2_000 } });
}, 120_000);
afterAll(async () => {
  delete process.env['ROWMILL_TEST_WAREHOUSE'];
  await Promise.all([testEnv.close(), warehouse.close(), s3.stop()]);
});

const agent = (key: string, prompt: string, value: Record<string, Json> = {}): Json => ({
  kind: 'agent',
  key,
  name: key,
  value: { agent_type: 'llm', prompt, ...value },
});
const labels = ['retail', 'industry', 'health'];
const schema = { type: 'object', properties: { city: { type: 'string' } } };
const COLUMNS = [
  agent('sector', 'Which GICS sector is {company_name} in?'),
  agent('founded', 'When was {company_name} founded?'),
  agent('revenue', 'Revenue of {company_name}?', { output_format: 'money' }),
  agent('phone', 'Phone of {company_name}?', { output_format: 'phone' }),
  agent('markets', 'Markets of {company_name}?', { output_format: 'multiselect', labels }),
  agent('office', 'Office of {company_name}?', { output_format: 'json', output_schema: schema }),
  agent('profile', 'Describe {company_name}, of the sector {sector}.'),
];
const NAMES: FlatNames = {
  inputs: ['input'],
  source: [
    ...['GICS Sector', 'GICS Sub-Industry', 'Headquarters Location', 'Date added'],
    ...['CIK', 'Founded'],
  ],
  answers: {
    sector: 'text',
    founded: 'number',
    revenue: 'number',
    phone: 'text',
    markets: 'json',
    office: 'json',
    profile: 'text',
  },
};

test('a run of 503 companies publishes the same cells to every target', async () => {
  const folder = `every-target/${randomUUID()}`;
  const places = [testEnv.folder, `s3://${BUCKET}/${folder}`];
  const files = places.flatMap((place) => [
    { to: `${place}/companies.jsonl`, types: 'coerce' },
    { to: `${place}/companies.csv`, types: 'coerce', csv: { formulas: 'verbatim' } },
    { to: `${place}/companies.parquet`, types: 'coerce' },
  ]);
  const table = { urlEnv: 'ROWMILL_TEST_WAREHOUSE', table: 'public.companies' };
  const input = await pipelineInput(testEnv.folder, extruct, [], {
    table: { kind: 'company', columns: COLUMNS },
    rows: { from: COMPANIES, key: 'Symbol', map: extruct.map },
    types: { founded: 'integer' },
    run: { minPollInterval: '200ms', deadline: '10m', failedPasses: 1, tolerateFailed: '20%' },
    results: [...files, { postgres: table, types: 'coerce' }],
  });
  const summary: RunSummary = await executeRun(testEnv, `every-${testEnv.taskQueue}`, input);
  expect(summary).toMatchObject({
    outcome: 'completed',
    results: files.map(({ to }) => ({ path: to, rows: 503 })),
    tables: [{ to: 'postgres:ROWMILL_TEST_WAREHOUSE/public.companies', rows: 503 }],
  });
  // Every way in which an answer can be missing is among them.
  expect(summary.cells.failed).toBeGreaterThan(0);
  expect(summary.cells.blocked).toBeGreaterThan(0);
  expect(summary.invalid?.['founded']).toBeGreaterThan(0);

  const onDisk = (name: string) => readFile(`${testEnv.folder}/${name}`);
  const onS3 = (name: string) => readS3(s3, `${folder}/${name}`);
  const lines = (await onDisk('companies.jsonl')).toString('utf8');
  expect((await onS3('companies.jsonl')).toString('utf8')).toBe(lines);
  const wanted = tableOfLines(lines, NAMES);
  expect(wanted.rows).toHaveLength(503);
  const { columns } = wanted;
  // It differs from an answer in case only.
  const inParquet = columns.map((column) =>
    column.name === 'Founded' ? { ...column, name: 'source.Founded' } : column,
  );
  const texts = asTexts(wanted);
  for (const bytesAt of [onDisk, onS3]) {
    const csv = await readCsv(warehouse, await bytesAt('companies.csv'), texts.columns);
    expect(differences(texts, csv)).toEqual([]);
    const parquet = await readParquet(await bytesAt('companies.parquet'), inParquet);
    expect(differences(wanted, { ...parquet, columns })).toEqual([]);
  }
  const rows = await readTable(warehouse, 'public.companies', columns);
  expect(differences(wanted, rows)).toEqual([]);
});
