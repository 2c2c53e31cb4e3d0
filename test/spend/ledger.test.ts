import { expect, test } from '@jest/globals';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Rowmill } from '../../src/client/rowmill.ts';
import type { PassLine } from '../../src/contract/spend.ts';
import { readLedger, writeLedgerLine } from '../../src/store/ledger.ts';
import { createFileStore } from '../../src/store/disk/file-store.ts';
import { newPlace } from '../store/place.ts';

const NOW = Date.parse('2026-03-02T12:00:00Z');

const passOf = (over: Partial<PassLine> = {}): PassLine => ({
  type: 'pass',
  run: 'night',
  firstRunId: 'r1',
  pipeline: 'profile',
  provider: 'extruct',
  pass: 1,
  kind: 'first',
  at: '2026-03-01T23:59:00.000Z',
  columns: { sector: { cells: 10, credits: 10 }, ceo: { cells: 10, credits: 20 } },
  credits: 30,
  accepted: true,
  ...over,
});

test('a step that is repeated after midnight counts its pass once, by its newest line', async () => {
  const store = createFileStore(newPlace());
  await writeLedgerLine(store, passOf({ accepted: false }));
  await writeLedgerLine(store, passOf({ at: '2026-03-02T00:01:00.000Z' }));
  const lines = await readLedger(store, null, NOW);
  expect(lines).toMatchObject([{ at: '2026-03-02T00:01:00.000Z', accepted: true }]);
});

test('two processes that write at once leave each line whole', async () => {
  const store = createFileStore(newPlace());
  const lines = Array.from({ length: 20 }, (_, pass) => passOf({ pass: pass + 1 }));
  await Promise.all([...lines, ...lines].map((line) => writeLedgerLine(store, line)));
  expect(await readLedger(store, null, NOW)).toHaveLength(20);
});

test('a summary counts each pass of the time span once', async () => {
  const store = createFileStore(newPlace());
  await writeLedgerLine(store, passOf({ at: '2026-01-01T00:00:00.000Z', run: 'old' }));
  await writeLedgerLine(store, passOf());
  const rerun = { sector: { cells: 2, credits: 2 } };
  await writeLedgerLine(
    store,
    passOf({
      pass: 2,
      at: '2026-03-02T01:00:00.000Z',
      columns: rerun,
      credits: 2,
      accepted: false,
    }),
  );
  await writeLedgerLine(store, {
    type: 'run',
    run: 'night',
    firstRunId: 'r1',
    pipeline: 'profile',
    provider: 'extruct',
    at: '2026-03-02T02:00:00.000Z',
    creditsCancelled: 1,
    reported: { balanceChange: -31, usage: null },
  });
  const since = new Date(NOW - 30 * 86_400_000);
  const byDay = await Rowmill.spend({ since }, { store });
  expect(byDay.groups).toMatchObject([
    { name: '2026-03-02', passes: 1, credits: 2, balanceChange: -31, creditsCancelled: 1 },
    { name: '2026-03-01', passes: 1, credits: 30, balanceChange: null },
  ]);
  expect(byDay.total).toEqual({
    runs: 1,
    passes: 2,
    cells: 22,
    credits: 32,
    creditsUnconfirmed: 2,
    creditsCancelled: 1,
    balanceChange: -31,
  });
  const byColumn = await Rowmill.spend({ by: 'column', since }, { store });
  expect(byColumn.groups).toMatchObject([
    { name: 'ceo', cells: 10, credits: 20, creditsCancelled: null },
    { name: 'sector', cells: 12, credits: 12, passes: 2 },
  ]);
  const byRun = await Rowmill.spend({ by: 'run' }, { store });
  expect(byRun.groups.map(({ name }) => name)).toEqual(['night', 'old']);
  expect((await Rowmill.spend({ owner: 'else' }, { store })).groups).toEqual([]);
});

test('a damaged line is an error that names its file: leaving it out would understate', async () => {
  const store = createFileStore(newPlace());
  await writeLedgerLine(store, passOf());
  await mkdir(store.ledger.locate('2026-03-02'), { recursive: true });
  const path = join(store.ledger.locate('2026-03-02'), 'broken.1.jsonl');
  await writeFile(path, '{"type":"pass"}\n');
  await expect(Rowmill.spend({}, { store })).rejects.toMatchObject({
    code: 'store_unreadable',
    where: path,
  });
  await expect(Rowmill.spend({ since: 'a week' }, { store })).rejects.toMatchObject({
    code: 'usage',
  });
});
