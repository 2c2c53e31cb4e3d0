import { afterEach, expect, test } from '@jest/globals';
import { PageReader } from '../../activities/table/page-reader.ts';
import type { Intercept } from '../../sandbox/index.ts';
import type { TableSpec } from '../../src/contract/pipeline.ts';
import { createExtructProvider } from '../../src/providers/extruct/provider.ts';
import { caseOf } from '../support/providers/cases.ts';
import { stageOf } from '../providers/sandbox-scene.ts';

const stage = stageOf(createExtructProvider);
afterEach(() => stage.clear());

const AT_ONCE = 4;

const BROKEN = { do: 'reply', status: 500, headers: {}, body: '' } as const;

/** A door for page requests: their offsets, and how many were there at once. */
interface Door {
  intercept: Intercept;
  offsets: number[];
  /** Each request as it came, and how many were there then. */
  entries: { offset: number; inside: number }[];
  most: () => number;
}

/** @param handle What becomes of the request at an offset, and of that offset for the first time */
function doorOf(handle: (offset: number, times: number) => ReturnType<Intercept>): Door {
  const offsets: number[] = [];
  const entries: Door['entries'] = [];
  let inside = 0;
  const intercept: Intercept = async ({ phase, route, method, url }) => {
    if (method !== 'GET' || !route.endsWith('/data')) return undefined;
    if (phase === 'after') {
      inside -= 1;
      return undefined;
    }
    const offset = Number(new URL(url, 'http://here').searchParams.get('offset'));
    offsets.push(offset);
    inside += 1;
    entries.push({ offset, inside });
    const action = await handle(offset, offsets.filter((each) => each === offset).length);
    if (action !== undefined) inside -= 1;
    return action;
  };
  const most = (): number => Math.max(...entries.map((entry) => entry.inside));
  return { intercept, offsets, entries, most };
}

/** Walks through a table of so many rows; returns the keys in the order in which they came. */
async function walk(rows: number, intercept: Intercept, ahead = true): Promise<string[]> {
  const { provider } = await stage.scene({ intercept });
  const { tables, map } = caseOf('extruct');
  const spec: TableSpec = { tags: [], ...(tables.one as Pick<TableSpec, 'columns'>) };
  const [input = ''] = Object.keys(map);
  const table = await provider.createTable(spec, 'A table', 'run-1', {});
  const all = Array.from({ length: rows }, (_, n) => ({
    key: `K${n}`,
    input: { [input]: `Company ${n}` },
  }));
  for (let from = 0; from < rows; from += 50) {
    await provider.addRows(table, all.slice(from, from + 50), {});
  }
  const sleep = () => Promise.resolve();
  const reader = new PageReader(provider, table, { ctx: {}, sleep }, { ahead });
  const keys: string[] = [];
  for (let cursor: string | null = null; ;) {
    const page = await reader.read(cursor);
    keys.push(...page.rows.map(({ key }) => key ?? ''));
    cursor = page.next;
    if (cursor === null) return keys;
  }
}

const keysOf = (rows: number): string[] => Array.from({ length: rows }, (_, n) => `K${n}`);
const offsetsOf = (rows: number): number[] =>
  Array.from({ length: Math.ceil(rows / 100) }, (_, at) => at * 100);
const ascending = (numbers: readonly number[]): number[] => numbers.toSorted((a, b) => a - b);

/** Holds requests back until four are there; every later one goes. */
function gateOfFour(): () => Promise<void> {
  let open: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (open = resolve));
  let waiting = 0;
  return async () => {
    waiting += 1;
    if (waiting === AT_ONCE) open();
    await gate;
  };
}

test('four pages that travel at once come in order', async () => {
  const four = gateOfFour();
  // The first page says where the table ends.
  const door = doorOf(async (offset) => {
    if (offset > 0) await four();
    return undefined;
  });
  expect(await walk(950, door.intercept)).toEqual(keysOf(950));
  expect(door.most()).toBe(AT_ONCE);
  expect(ascending(door.offsets)).toEqual(offsetsOf(950));
});

test.each([1, 99, 100, 101, 200, 500])(
  '%d rows take no page more than one by one',
  async (rows) => {
    const door = doorOf(() => undefined);
    expect(await walk(rows, door.intercept)).toEqual(keysOf(rows));
    expect(ascending(door.offsets)).toEqual(offsetsOf(rows));
  },
);

test('a page that fails ahead of its turn is requested again in its turn', async () => {
  const door = doorOf((offset, times) => (offset === 300 && times === 1 ? BROKEN : undefined));
  expect(await walk(800, door.intercept)).toEqual(keysOf(800));
});

test('after a page that failed, ten pages are requested one by one, then four at once', async () => {
  const four = gateOfFour();
  const door = doorOf(async (offset, times) => {
    if (offset === 100 && times === 1) return BROKEN;
    if (offset > 1_100) await four();
    return undefined;
  });
  expect(await walk(3_000, door.intercept)).toEqual(keysOf(3_000));
  // Those of before the failure were on their way with it.
  const careful = door.entries.filter(({ offset }) => offset >= 500 && offset <= 1_100);
  expect(careful.map(({ offset }) => offset)).toEqual([500, 600, 700, 800, 900, 1_000, 1_100]);
  expect(careful.map(({ inside }) => inside)).toEqual(careful.map(() => 1));
});

test('without being asked to, a reader requests no page ahead of its turn', async () => {
  const door = doorOf(() => undefined);
  expect(await walk(500, door.intercept, false)).toEqual(keysOf(500));
  expect(door.most()).toBe(1);
});
