import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { exportFigures } from '../../bench/export.ts';
import { tableOf, verdictOf, type Figure } from '../../bench/figure.ts';
import { bareApi } from '../../bench/naive/api.ts';
import { naiveRun } from '../../bench/naive/script.ts';
import { benchOptions } from '../../bench/options.ts';
import { pollingFigures } from '../../bench/polling.ts';
import { scaleOptions } from '../../bench/scale/options.ts';
import { BASE_CASE, CASES, COLUMNS } from '../../bench/cases.ts';
import { benchPipeline, companyName } from '../../bench/site/pipeline.ts';
import { startSandbox, type Sandbox } from '../../sandbox/index.ts';
import { stageRows } from '../../src/client/pipelines/stage.ts';
import { createLimiter } from '../../src/http/limiter.ts';
import { createExtructProvider } from '../../src/providers/extruct/provider.ts';
import { PROVIDER_NAMES } from '../../src/providers/catalog.ts';
import { createFileStore } from '../../src/store/disk/file-store.ts';

const figure = (said: Partial<Figure>): Figure => ({
  ratio: 'R0',
  what: 'a figure',
  value: 1,
  origin: 'measured',
  ...said,
});

test('a figure meets its stretch, its bar or neither', () => {
  const limits = { bar: 0.4, stretch: 0.15 };
  expect(verdictOf(figure({ value: 0.15, ...limits }))).toBe('stretch');
  expect(verdictOf(figure({ value: 0.4, ...limits }))).toBe('bar');
  expect(verdictOf(figure({ value: 0.41, ...limits }))).toBe('MISSED');
  expect(verdictOf(figure({ value: 0.41 }))).toBe('');
  expect(verdictOf(figure({ value: 0.8, better: 'high', bar: 0.7, stretch: 0.9 }))).toBe('bar');
});

test('the table says which figures are simulated', () => {
  const text = tableOf([figure({ value: 3.14, unit: 's', origin: 'simulated', bar: 3 })]);
  expect(text.split('\n')[1]).toMatch(/^R0 +a figure +3\.1 s +3\.0 s +MISSED +simulated$/);
});

test('every provider is measured, each in a line of its own', () => {
  expect(CASES.map(({ provider }) => provider)).toEqual([...PROVIDER_NAMES]);
  const text = tableOf(CASES.map(({ provider }) => figure({ provider, ratio: 'R1' })));
  expect(text).toMatch(/^R1 +extruct +a figure/m);
  expect(text).toMatch(/^R1 +promptlayer +a figure/m);
});

test('--only takes the names of ratios in any case', () => {
  expect(benchOptions(['--quick', '--only', 'r1, R14', '--json', 'x.json'])).toEqual({
    quick: true,
    peers: false,
    only: new Set(['R1', 'R14']),
    cases: CASES,
    json: 'x.json',
  });
});

test('--provider measures that provider only', () => {
  expect(benchOptions(['--provider', 'promptlayer'])).toMatchObject({ cases: [CASES[1]] });
});

test('an unknown ratio or provider is refused', () => {
  expect(() => benchOptions(['--only', 'R99'])).toThrow(/no ratio R99/);
  expect(() => benchOptions(['--provider', 'extrukt'])).toThrow(
    `there are ${PROVIDER_NAMES.join(', ')}`,
  );
});

test('sizes of the scale run: the smaller ones by default, a wrong one is refused', () => {
  expect(scaleOptions([])).toMatchObject({ workers: 4, pipelines: 40, rows: 20_000, rate: 200 });
  expect(scaleOptions(['--pipelines', '1000', '--rows', '0'])).toMatchObject({
    pipelines: 1_000,
    rows: 0,
  });
  expect(scaleOptions(['--help'])).toMatch(/--pipelines .*\n--rows /);
  expect(() => scaleOptions(['--workers', '0'])).toThrow(
    '--workers is not a whole number from 1 up',
  );
});

const MAIN = fileURLToPath(new URL('../../bench/main.ts', import.meta.url));
const bench = (flag: string[]): SpawnSyncReturns<string> =>
  spawnSync(process.execPath, [MAIN, ...flag], { encoding: 'utf8', timeout: 120_000 });

test.each([
  ['an unknown ratio', ['--only', 'R99'], /no ratio R99; there are R1, /],
  ['an unknown provider', ['--provider', 'extrukt'], /no provider extrukt; there are extruct, /],
  ['an unknown flag', ['--colour'], /Unknown option '--colour'/],
])('%s ends the bench with one error, without a stack trace', (_name, flag, text) => {
  const { status, stdout, stderr } = bench(flag);
  expect([status, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(text);
  expect(stderr).not.toMatch(/^ +at /m);
});

test('`--help` lists every flag and ratio', () => {
  const { status, stdout, stderr } = bench(['--help']);
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/--only .*\n(.*\n)+R1 +API calls ÷ least possible\n(.*\n)+R20 /);
});

test('simulated passes stay within every bar', () => {
  const figures = pollingFigures(100);
  expect(figures.filter((one) => verdictOf(one) === 'MISSED')).toEqual([]);
  expect(figures.map(({ ratio }) => ratio)).toEqual(expect.arrayContaining(['R2', 'R3', 'R5']));
});

describe('on a sandbox', () => {
  const TOKEN = 'bench-test-token';
  const folder = mkdtempSync(join(tmpdir(), 'rowmill-bench-test-'));
  let sandbox: Sandbox;

  beforeAll(async () => {
    sandbox = await startSandbox({
      token: TOKEN,
      speed: 20_000,
      concurrency: 1_000,
      failRate: 0,
      alwaysFailsRate: 0,
      statusLagMs: 0,
    });
  });
  afterAll(async () => {
    await sandbox.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('the naive script gets every row with the fewest possible calls', async () => {
    const rows = Array.from({ length: 130 }, (_, at) => companyName(at));
    const file = join(folder, 'naive.jsonl');
    const job = { rows, columns: COLUMNS, file, pollEveryMs: 20 };
    const run = await naiveRun(bareApi(sandbox.url, TOKEN), job);
    expect(run.calls - run.polls).toBe(BASE_CASE.leastCalls(130));
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    expect(lines).toHaveLength(130);
    expect(lines.every((line) => line.includes('"sector":{"value":{"answer"'))).toBe(true);
  });

  test('the export is measured on the same table as the bare loop', async () => {
    const pipeline = await benchPipeline(folder, 130);
    const store = createFileStore(join(folder, 'store'));
    const snapshot = await stageRows(pipeline, store);
    const provider = createExtructProvider({
      baseUrl: sandbox.url,
      token: TOKEN,
      limiter: createLimiter({ ratePerSecond: 1e6 }),
    });
    const table = await provider.createTable(pipeline.table, 'bench', 'bench-tag', {});
    const rows = Array.from({ length: 130 }, (_, at) => ({
      key: `C${at + 1}`,
      input: { input: companyName(at) },
    }));
    for (const from of [0, 50, 100]) await provider.addRows(table, rows.slice(from, from + 50), {});
    const figures = await exportFigures(
      {
        folder,
        apiUrl: sandbox.url,
        token: TOKEN,
        tableId: table.id,
        spec: pipeline.table,
        snapshotFile: store.staged(snapshot.digest).locate('rows.jsonl'),
        snapshot,
      },
      'a small table',
    );
    expect(figures).toMatchObject([{ ratio: 'R8', better: 'high' }]);
    expect(figures[0]?.value).toBeGreaterThan(0);
  });
});
