import { afterEach, describe, expect, test } from '@jest/globals';
import { MockActivityEnvironment } from '@temporalio/testing';
import { changeInputs, type ChangedInputs } from '../../activities/change-inputs.ts';
import { DRIFT_FILE } from '../../activities/nights/drift.ts';
import type { FaultScript, Sandbox } from '../../sandbox/index.ts';
import type { Json } from '../../src/contract/json.ts';
import type { SnapshotRow } from '../../src/contract/rows.ts';
import type { TableRef } from '../../src/contract/table.ts';
import { NIGHT_FILE, type RowChangeLine } from '../../src/nights/night.ts';
import type { Provider } from '../../src/providers/provider.ts';
import type { Folder } from '../../src/store/store.ts';
import { CASES } from '../support/providers/cases.ts';
import type { ProviderCase } from '../support/providers/provider-case.ts';
import { KEY, openSandboxTable } from './sandbox-table.ts';
import { writeJsonLines } from '../support/write-lines.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

interface Scene {
  sandbox: Sandbox;
  provider: Provider;
  table: TableRef;
  folder: Folder;
  change: (drops?: boolean) => Promise<ChangedInputs>;
  /** Inputs in the table, by key. */
  there: () => Promise<Record<string, Json>>;
  /** Requests that changed rows. */
  sent: () => number;
}

async function open(one: ProviderCase, faults: FaultScript['requests'] = []): Promise<Scene> {
  const opened = await openSandboxTable(one, { faults: { requests: faults } }, closing);
  const { sandbox, provider, table, folder, column, deps } = opened;
  return {
    sandbox,
    provider,
    table,
    folder,
    change: (drops = false) =>
      new MockActivityEnvironment().run<[], ChangedInputs, () => Promise<ChangedInputs>>(() =>
        changeInputs(deps)({
          run: KEY,
          provider: one.name,
          table,
          drops,
          overwrites: false,
          resumedAfterInterrupt: false,
          trouble: { mayYield: false, sinceMs: null },
        }),
      ),
    there: async () => {
      const rows: [string, Json][] = [];
      for (let cursor: string | null = null; ;) {
        const page = await provider.page(table, cursor, {}, undefined, true);
        for (const { key, inputs } of page.rows) {
          if (key !== null) rows.push([key, inputs?.[column]?.value ?? null]);
        }
        cursor = page.next;
        if (cursor === null) return Object.fromEntries(rows);
      }
    },
    sent: () =>
      Object.entries(sandbox.ledger.summary().requests.byRoute).reduce(
        (sum, [route, byStatus]) =>
          /^PATCH .*(rows|cells)/.test(route)
            ? sum + Object.values(byStatus).reduce((all, count) => all + count, 0)
            : sum,
        0,
      ),
  };
}

/** Puts rows into the table, and writes down what the source says of them tonight. */
async function night(
  { provider, table, folder }: Scene,
  one: ProviderCase,
  there: Record<string, string>,
  tonight: Record<string, string>,
  changes: RowChangeLine[],
): Promise<void> {
  const [column = ''] = Object.keys(one.map);
  const rowsOf = (names: Record<string, string>): SnapshotRow[] =>
    Object.entries(names).map(([key, name]) => ({ key, input: { [column]: name } }));
  const rows = rowsOf(there);
  for (let from = 0; from < rows.length; from += provider.limits.rowsPerAdd) {
    await provider.addRows(table, rows.slice(from, from + provider.limits.rowsPerAdd), {});
  }
  await writeJsonLines(folder, 'rows.jsonl', rowsOf(tonight));
  await writeJsonLines(folder, NIGHT_FILE.rows, changes);
}

async function linesOf(folder: Folder, name: string): Promise<unknown[]> {
  const lines: unknown[] = [];
  if (!(await folder.exists(name))) return lines;
  for await (const line of folder.lines(name)) lines.push(JSON.parse(line));
  return lines;
}

const THERE = { A: 'Alpha', B: 'Beta', C: 'Gamma', D: 'Delta' };
const TONIGHT = { D: 'Delta', B: 'Other', A: 'New name', C: 'Gamma', E: 'Added' };
const CHANGES: RowChangeLine[] = [
  { key: 'B', change: 'changed' },
  { key: 'A', change: 'changed' },
  { key: 'E', change: 'new' },
];
const AFTER = { A: 'New name', B: 'Other', C: 'Gamma', D: 'Delta' };

describe.each(CASES.map((one) => [one.name, one] as const))('%s', (_name, one) => {
  /** One request for all rows, or one for each. */
  const requests = one.name === 'extruct' ? 1 : 2;

  test('only changed rows get the inputs of the source', async () => {
    const scene = await open(one);
    await night(scene, one, THERE, TONIGHT, CHANGES);
    expect(await scene.change()).toMatchObject({ changed: 2, dropped: 0, drifted: 0 });
    expect(await scene.there()).toEqual(AFTER);
    expect(scene.sent()).toBe(requests);
    expect(await scene.change()).toMatchObject({ changed: 0, drifted: 0 });
    expect(scene.sent()).toBe(requests);
  });

  test('an edit at the provider is only reported', async () => {
    const scene = await open(one);
    await night(scene, one, { ...THERE, D: 'Edited' }, TONIGHT, CHANGES);
    expect(await scene.change()).toMatchObject({ changed: 2, drifted: 1 });
    expect(await scene.there()).toEqual({ ...AFTER, D: 'Edited' });
    const [column] = Object.keys(one.map);
    expect(await linesOf(scene.folder, DRIFT_FILE)).toEqual([{ key: 'D', columns: [column] }]);
  });

  test.each<[string, NonNullable<FaultScript['requests']>[number]]>([
    ['lost before it is carried out', { on: 'update-rows', nth: 1, fault: 'reset' }],
    ['lost after it was', { on: 'update-rows', nth: 1, fault: 'reset', phase: 'after' }],
    ['carried out late', { on: 'update-rows', nth: 1, fault: 'late', afterMs: 30 }],
    ['answered with 503', { on: 'update-rows', nth: 1, fault: 'error', status: 503 }],
    [
      'answered with 503 after it was carried out',
      { on: 'update-rows', nth: 1, fault: 'error', status: 503, phase: 'after' },
    ],
    ['refused as one too many', { on: 'update-rows', nth: 1, fault: 'rate-limit', seconds: 0 }],
    ['read from a page that shifts', { on: 'read-rows', nth: 1, fault: 'pages', how: 'miss' }],
  ])('a change that is %s has the same effect', async (_how, fault) => {
    const scene = await open(one, [fault]);
    await night(scene, one, THERE, TONIGHT, CHANGES);
    expect(await scene.change()).toMatchObject({ drifted: 0 });
    expect(await scene.there()).toEqual(AFTER);
  });

  test('rows that left the source are deleted where the pipeline says so, if they can be', async () => {
    const scene = await open(one);
    const vanished: RowChangeLine[] = [{ key: 'D', change: 'vanished' }];
    const { D: _gone, ...left } = THERE;
    await night(scene, one, THERE, left, vanished);
    expect(await scene.change(false)).toMatchObject({ dropped: 0 });
    expect(await scene.there()).toEqual(THERE);
    if (scene.provider.deleteRows === null) return;
    expect(await scene.change(true)).toMatchObject({ dropped: 1 });
    expect(await scene.there()).toEqual(left);
    expect(await scene.change(true)).toMatchObject({ dropped: 0 });
  });

  test('many rows on many pages', async () => {
    const scene = await open(one);
    const names = (suffix: string): Record<string, string> =>
      Object.fromEntries(
        Array.from({ length: 230 }, (_, nth) => [
          `K${nth}`,
          `Company ${nth}${nth % 10 === 0 ? suffix : ''}`,
        ]),
      );
    const changed = Object.keys(names('')).filter((_key, nth) => nth % 10 === 0);
    const lines = changed.map((key): RowChangeLine => ({ key, change: 'changed' }));
    await night(scene, one, names(''), names(' Inc.'), lines);
    expect(await scene.change()).toMatchObject({ changed: 23, drifted: 0 });
    expect(await scene.there()).toEqual(names(' Inc.'));
  });
});

test('values that the provider does not keep are named after one try', async () => {
  const [one] = CASES;
  if (one === undefined) throw new Error('no provider');
  const scene = await open(one, [{ on: 'update-rows', fault: 'refuse', status: 200 }]);
  await night(scene, one, THERE, TONIGHT, CHANGES);
  await expect(scene.change()).rejects.toThrow(/still differ.*inputs_not_kept/s);
  expect(await scene.there()).toEqual(THERE);
});
