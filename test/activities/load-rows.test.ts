import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { setTimeout as sleep } from 'node:timers/promises';
import { MockActivityEnvironment } from '@temporalio/testing';
import { loadRows, type LoadedRows } from '../../activities/load-rows.ts';
import { placedRows } from '../../activities/run-files/placed-rows.ts';
import type { Action, Intercept, Seen } from '../../sandbox/index.ts';
import type { SnapshotRow } from '../../src/contract/rows.ts';
import { createProviders } from '../../src/providers/registry.ts';
import { allEnv, CASES, caseOf } from '../support/providers/cases.ts';
import type { ProviderCase } from '../support/providers/provider-case.ts';
import { KEY, openSandboxTable } from './sandbox-table.ts';

const closing: (() => Promise<void>)[] = [];
const close = async (): Promise<void> => {
  for (const each of closing.splice(0).reverse()) await each();
};
afterEach(close);

interface Loaded {
  loaded: LoadedRows;
  /** Row ids by key in the table; more than one where a key came twice. */
  ids: Map<string, string[]>;
  /** Rows as they were written down for requests that name them. */
  placed: { key: string; id: string }[];
}

/** Loads a list of so many rows into a new table of a sandbox. */
async function load(one: ProviderCase, count: number, intercept: Intercept): Promise<Loaded> {
  const { sandbox, table, folder, column, deps } = await openSandboxTable(
    one,
    { intercept },
    closing,
  );
  const rows = Array.from({ length: count }, (_, n): SnapshotRow => {
    return { key: `K${n}`, input: { [column]: `Company ${n}` } };
  });
  const draft = await folder.create('rows.jsonl');
  for (const row of rows) await draft.line(JSON.stringify(row));
  await draft.commit();
  const input = {
    run: KEY,
    provider: one.name,
    table,
    snapshot: { digest: '', rows: count, bytes: 0 },
    resumedAfterInterrupt: false,
    trouble: { mayYield: false, sinceMs: null },
  };
  const loaded = await new MockActivityEnvironment().run<[], LoadedRows, () => Promise<LoadedRows>>(
    () => loadRows(deps)(input),
  );
  const ids = new Map<string, string[]>();
  for (const live of one.tablesIn(sandbox)) {
    for (const { key, id } of live.rows) {
      if (key !== null) ids.set(key, [...(ids.get(key) ?? []), id]);
    }
  }
  const placed: Loaded['placed'] = [];
  for await (const row of (await placedRows(folder)) ?? []) placed.push(row);
  return { loaded, ids, placed };
}

const keysOf = (count: number): string[] => Array.from({ length: count }, (_, n) => `K${n}`);

const isAdd = ({ method, route }: Seen): boolean => method === 'POST' && route.endsWith('/rows');

/** Follows adds: how many were there when each came. */
function addsSeen(handle: (nth: number, seen: Seen) => ReturnType<Intercept> = () => undefined): {
  intercept: Intercept;
  inside: number[];
} {
  const inside: number[] = [];
  let now = 0;
  let adds = 0;
  const intercept: Intercept = async (seen) => {
    if (!isAdd(seen)) return undefined;
    if (seen.phase === 'before') {
      now += 1;
      adds += 1;
      inside.push(now);
    }
    const action = await handle(adds, seen);
    if (seen.phase === 'after' || action !== undefined) now -= 1;
    return action;
  };
  return { intercept, inside };
}

/** Holds requests back until so many are there; every later one goes. */
function gateOf(count: number): () => Promise<void> {
  let open: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (open = resolve));
  let waiting = 0;
  return async () => {
    waiting += 1;
    if (waiting === count) open();
    await gate;
  };
}

function expectEachOnce({ ids, loaded }: Loaded, count: number): void {
  expect([...ids.keys()].toSorted()).toEqual(keysOf(count).toSorted());
  expect([...ids.values()].filter((each) => each.length > 1)).toEqual([]);
  expect(loaded.rows).toBe(count);
}

const extruct = caseOf('extruct');

describe('several requests at once', () => {
  test('four requests travel at once after the first', async () => {
    const four = gateOf(4);
    const adds = addsSeen(async (nth, { phase }) => {
      if (phase === 'before' && nth > 1) await four();
      return undefined;
    });
    const found = await load(extruct, 250, adds.intercept);
    expectEachOnce(found, 250);
    expect(adds.inside).toEqual([1, 1, 2, 3, 4]);
    expect(found.loaded.mayHaveDuplicates).toBe(false);
  });

  test('rows that changed places are written down in the order of the list', async () => {
    const adds = addsSeen(async (nth, { phase }) => {
      // The later it comes, the sooner it goes.
      if (phase === 'before' && nth > 1) await sleep((6 - nth) * 30);
      return undefined;
    });
    const found = await load(extruct, 250, adds.intercept);
    expectEachOnce(found, 250);
    expect(found.placed).toEqual(keysOf(250).map((key) => ({ key, id: found.ids.get(key)?.[0] })));
  });

  test('where the ids of rows are their places, requests go one by one', async () => {
    const adds = addsSeen();
    const found = await load(caseOf('promptlayer'), 550, adds.intercept);
    expectEachOnce(found, 550);
    expect(Math.max(...adds.inside)).toBe(1);
  });

  test('after a lost reply, requests go one by one', async () => {
    const four = gateOf(4);
    const adds = addsSeen(async (nth, { phase }) => {
      if (phase === 'before' && nth > 1) await four();
      return phase === 'after' && nth === 5 ? { do: 'reset' } : undefined;
    });
    const found = await load(extruct, 600, adds.intercept);
    expectEachOnce(found, 600);
    expect(found.loaded.mayHaveDuplicates).toBe(true);
    expect(Math.max(...adds.inside.slice(5))).toBe(1);
  });
});

/** Fates of a request to add rows. */
const FATES = ['taken', 'lost', 'lost reply', 'late', 'busy', 'refused'] as const;
type Fate = (typeof FATES)[number];

const LOSSES: ReadonlySet<Fate> = new Set(['lost', 'lost reply', 'late']);
/** One more for the same rows, and the attempt ends. */
const MAX_LOST = 4;

const refusal = (status: number): Action => ({
  do: 'reply',
  status,
  headers: { 'content-type': 'application/json', 'retry-after': '0' },
  body: JSON.stringify({ detail: 'not now', message: 'not now' }),
});

function actionOf(fate: Fate | undefined, { phase, body }: Seen): Action | undefined {
  if (phase === 'after') return fate === 'lost reply' ? { do: 'reset' } : undefined;
  if (fate === 'lost') return { do: 'reset' };
  if (fate === 'late') return { do: 'late', afterMs: 30, then: 'reset' };
  if (fate === 'busy') return refusal(429);
  // A single row is taken: it is the size that is refused.
  const { rows, values } = body as { rows?: unknown[]; values?: unknown[] };
  return fate === 'refused' && (rows ?? values ?? []).length > 1 ? refusal(422) : undefined;
}

test.each(CASES)(
  '$name: whatever happens to requests, each row is in the table once',
  async (one) => {
    const { rowsPerAdd } = createProviders(allEnv('http://127.0.0.1:1')).get(one.name).limits;
    const requests = 7;
    const fates = fc
      .array(fc.constantFrom(...FATES), { maxLength: requests })
      .filter((drawn) => drawn.filter((fate) => LOSSES.has(fate)).length <= MAX_LOST);
    const examples: [Fate[]][] = [
      [['taken', 'lost', 'lost reply']],
      [['taken', 'lost reply', 'lost reply', 'lost reply', 'lost reply']],
      [['taken', 'lost', 'refused', 'late', 'lost reply']],
    ];
    await fc.assert(
      fc.asyncProperty(fates, async (drawn) => {
        const fateOf = new Map<number, Fate | undefined>();
        const intercept: Intercept = (seen) => {
          if (!isAdd(seen)) return undefined;
          if (seen.phase === 'before') fateOf.set(seen.serial, drawn[fateOf.size]);
          return actionOf(fateOf.get(seen.serial), seen);
        };
        const count = requests * rowsPerAdd - 3;
        expectEachOnce(await load(one, count, intercept), count);
        await close();
      }),
      { numRuns: 8, examples, seed: 16 },
    );
  },
);
