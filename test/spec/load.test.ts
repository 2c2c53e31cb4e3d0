import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from '@jest/globals';
import { RowmillError } from '../../src/errors.ts';
import { loadPipeline } from '../../src/spec/index.ts';
import { createDigestDraft } from '../../src/sources/digest-draft.ts';
import { takeSnapshot } from '../../src/sources/snapshot.ts';
import { GOOD, parse, withLine } from './pipeline-text.ts';

const folder = await mkdtemp(join(tmpdir(), 'rowmill-spec-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

const example = fileURLToPath(new URL('../../examples/companies/pipeline.yaml', import.meta.url));

async function failure(content: string | Uint8Array | null, path = 'p.yaml'): Promise<string> {
  const file = join(folder, path);
  if (content !== null) await writeFile(file, content);
  try {
    await loadPipeline(file, { env: {} });
  } catch (error) {
    if (error instanceof RowmillError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'nothing went wrong';
}

test('the example pipeline loads with all its 503 rows', async () => {
  const { pipeline, file } = await loadPipeline(example);
  expect(file).toBe(example);
  expect(pipeline.table.columns.map(({ key }) => key)).toEqual([
    'sector',
    'headquarters',
    'profile',
  ]);
  expect(pipeline.run).toMatchObject({ failedPasses: 2, tolerateFailed: 0.02 });
  const { ref, warnings } = await takeSnapshot(pipeline.rows, ['input'], createDigestDraft());
  expect(ref.rows).toBe(503);
  expect(warnings).toEqual([]);
});

test('defaults are filled in with absolute paths', () => {
  expect(parse(GOOD).pipeline).toEqual({
    name: 'demo',
    provider: 'extruct',
    table: {
      kind: 'company',
      tags: [],
      columns: [
        {
          kind: 'agent',
          key: 'sector',
          name: 'Sector',
          value: { prompt: 'Sector of {company_name}?' },
        },
      ],
    },
    rows: {
      source: { type: 'file', path: '/data/companies.csv', format: 'csv' },
      key: 'input',
      map: { input: 'input' },
    },
    run: {
      mode: 'new',
      failedPasses: 2,
      tolerateFailed: 0,
      deadlineMs: 86_400_000,
      stallAfterMs: 1_800_000,
      minPollIntervalMs: 2_000,
      maxPollIntervalMs: 120_000,
    },
    spend: { creditsPerCell: 1 },
    results: [{ to: '/data/out/demo.jsonl', format: 'jsonl' }],
  });
});

test('what the file says is kept, with units made plain', () => {
  const { pipeline, schedule } = parse(`${GOOD}
run: { mode: all, failedPasses: 0, tolerateFailed: 0.5%, deadline: 1h30m, stallAfter: 90s, minPollInterval: 500ms, maxPollInterval: 1m }
spend: { creditsPerCell: 0.5, maxCredits: 3000, approveAbove: 1000 }
schedule: { at: 02:30, timezone: Europe/Berlin, days: [fri, mon] }
`);
  expect(pipeline.run).toEqual({
    mode: 'all',
    failedPasses: 0,
    tolerateFailed: 0.005,
    deadlineMs: 5_400_000,
    stallAfterMs: 90_000,
    minPollIntervalMs: 500,
    maxPollIntervalMs: 60_000,
  });
  expect(pipeline.spend).toEqual({ creditsPerCell: 0.5, maxCredits: 3000, approveAbove: 1000 });
  expect(schedule).toEqual({
    times: [{ hour: 2, minute: 30 }],
    timezone: 'Europe/Berlin',
    days: ['mon', 'fri'],
    jitterMs: 0,
    overlap: 'skip',
    catchUpMs: 21_600_000,
  });
  expect(parse(`${GOOD}schedule: { at: "00:00" }`).schedule).toEqual({
    times: [{ hour: 0, minute: 0 }],
    timezone: 'UTC',
    days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'],
    jitterMs: 0,
    overlap: 'skip',
    catchUpMs: 21_600_000,
  });
});

test('every setting of a schedule is read', () => {
  const text = `${GOOD}schedule: { at: ["12:00", "02:30", "12:00"], jitter: 10m, overlap: buffer_one, catchUp: 1d }\n`;
  expect(parse(text).schedule).toMatchObject({
    times: [
      { hour: 2, minute: 30 },
      { hour: 12, minute: 0 },
    ],
    jitterMs: 600_000,
    overlap: 'buffer_one',
    catchUpMs: 86_400_000,
  });
});

test('the key is the column of the first input unless it is named', () => {
  const rows = (text: string) =>
    parse(withLine('rows: { from: companies.csv }', text)).pipeline.rows;
  expect(rows('rows: { from: a.jsonl, map: { input: Website } }')).toEqual({
    source: { type: 'file', path: '/data/a.jsonl', format: 'jsonl' },
    key: 'Website',
    map: { input: 'Website' },
  });
  expect(rows('rows: { from: a.csv, key: id }').key).toBe('id');
});

test.each([
  ['rows: { from: "-" }', { type: 'stdin' }],
  ['rows: { from: "-", format: csv }', { type: 'stdin', format: 'csv' }],
  [
    'rows: { from: list.txt, format: csv }',
    { type: 'file', path: '/data/list.txt', format: 'csv' },
  ],
  ['rows: { from: /x/a.NDJSON }', { type: 'file', path: '/x/a.NDJSON', format: 'jsonl' }],
  ['rows: { inline: [{ input: a }] }', { type: 'inline', rows: [{ input: 'a' }] }],
  ['rows: { from: [{ input: a }] }', { type: 'inline', rows: [{ input: 'a' }] }],
])('rows may come from several places: %s', (text, source) => {
  expect(parse(withLine('rows: { from: companies.csv }', text)).pipeline.rows.source).toEqual(
    source,
  );
});

test('JSON is read like YAML', async () => {
  const json = JSON.stringify(parseable, null, '\t');
  const path = join(folder, 'p.json');
  await writeFile(path, `\uFEFF${json}`);
  const { pipeline } = await loadPipeline(path);
  expect(pipeline.table.columns).toEqual(parseable.table.columns);
});

const parseable = {
  $schema: 'schema.json',
  name: 'demo',
  provider: 'extruct',
  table: {
    columns: [{ kind: 'agent', key: 'a', name: 'A "x"', value: { prompt: 'line\nline {input}' } }],
  },
  rows: { from: 'companies.csv' },
  results: [{ to: 'out.csv' }],
};

test('shared blocks may be written once', () => {
  const { pipeline } = parse(
    GOOD.replace('value: {', 'value: &ask {').replace(
      'rows:',
      `    - { kind: agent, key: b, name: B, value: { <<: *ask, output_format: url } }
    - { kind: agent, key: c, name: C, value: *ask }
rows:`,
    ),
  );
  const prompt = 'Sector of {company_name}?';
  expect(pipeline.table.columns.map(({ value }) => value)).toEqual([
    { prompt },
    { prompt, output_format: 'url' },
    { prompt },
  ]);
});

test('flags take the place of what the file says, from the working directory', () => {
  const { pipeline } = parse(withLine('from: companies.csv', 'from: x.parquet, key: id'), {
    rowsOverride: 'mine.jsonl',
    outOverride: 'mine.csv',
  });
  const rows = { type: 'file', path: resolve('mine.jsonl'), format: 'jsonl' };
  expect(pipeline.rows).toEqual({ source: rows, key: 'id', map: { input: 'input' } });
  expect(pipeline.results).toEqual([{ to: resolve('mine.csv'), format: 'csv' }]);
  const piped = parse(GOOD.replace(/rows:.*\n/, ''), { rowsOverride: '-' });
  expect(piped.pipeline.rows.source).toEqual({ type: 'stdin' });
});

test('a wrong flag is named as the flag', () => {
  expect(() => parse(GOOD, { rowsOverride: 'a.xlsx', outOverride: 'a.txt' })).toThrow(
    /^2 mistakes in p.yaml\n--rows {2}"a.xlsx" · save the sheet as CSV; .*\n--out {2}"a.txt" · a path or s3:\/\/… that ends in \.jsonl\b.*$/,
  );
});

test('a path that is no file is refused', async () => {
  expect(await failure(null, 'gone.yaml')).toMatch(/^spec_not_found: .*there is no such file$/);
  await mkdir(join(folder, 'd.yaml'));
  expect(await failure(null, 'd.yaml')).toMatch(/^spec_not_found: .*is a folder, not a file$/);
});

test.each([
  ['UTF-16', Buffer.from(`\uFEFF${GOOD}`, 'utf16le'), 'UTF-16 (little endian) · UTF-8 text'],
  ['binary', Buffer.from([1, 0, 2]), 'binary data'],
  ['Latin-1', Buffer.from('name: M\xfcller', 'latin1'), 'bytes that are not UTF-8'],
  ['too big', `# ${'x'.repeat(1024 * 1024)}`, '1.0 MiB · at most 1 MiB'],
  ['empty', ' \n', 'the file is empty'],
])('a file that is %s is refused with a clear word', async (_, content, message) => {
  const found = await failure(content);
  expect(found).toMatch(/^spec_invalid: 1 mistake in .*\n.*p\.yaml:1:1 {2}/);
  expect(found).toContain(message);
});
