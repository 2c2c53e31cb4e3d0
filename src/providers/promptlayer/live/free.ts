import { listOf, objectOf, textOf } from '../../fields.ts';
import { differs, holds, needed, newLiveTag, type Probe } from '../../live-check.ts';
import { isRefusal, seconds, within } from '../../live-http.ts';
import { deleteReplyProbe } from '../../live-tables.ts';
import type { CallContext } from '../../provider.ts';
import { SCAFFOLD_TITLE } from '../columns.ts';
import { pathOf, type Bench } from './bench.ts';

type Free = Omit<Probe, 'max'>;

const LISTED_WITHIN_MS = 5_000;
const BLANK = `one column "${SCAFFOLD_TITLE}" and one row, at index 0`;

export const freeProbes = (bench: Bench): Probe[] =>
  [...lists(bench), ...tables(bench), ...sheets(bench)].map((probe) => ({ ...probe, max: null }));

const lists = (bench: Bench): Free[] => [
  {
    name: 'unknown-title',
    question: 'Does a list by a title that no table has stay empty?',
    expected: 'no table',
    means:
      'The filter is not applied. rowmill compares titles itself and touches no table without its own; each search reads the whole list.',
    async ask(ctx) {
      const found = await bench.list(ctx, newLiveTag());
      return found.length === 0 ? holds('no table') : differs('tables of another title');
    },
  },
];

const tables = (bench: Bench): Free[] => [
  {
    name: 'without-sheet',
    question: 'Can a table be made without a sheet?',
    expected: 'a table without a sheet',
    means: 'The sheet that it comes with is used.',
    async ask(ctx) {
      const id = await bench.create(ctx);
      const { json } = await bench.get(ctx, `${pathOf(id)}/sheets`, { limit: 100 });
      const { length } = listOf(objectOf(json)['data']);
      return length === 0 ? holds('a table without a sheet') : differs(`with ${length} sheets`);
    },
  },
  deleteReplyProbe(bench, pathOf),
  {
    name: 'listed',
    question: 'When does a list by its title show a new table?',
    expected: `within ${LISTED_WITHIN_MS / 1_000} s`,
    means:
      'A create whose reply was lost is looked for in this list: where it lags, a second table may be made, and is deleted later.',
    async ask(ctx) {
      const id = await bench.create(ctx);
      bench.tableId = id;
      const pace = { ...bench.pace, waitMs: Math.min(bench.pace.waitMs, 30_000) };
      const found = await within(ctx, pace, async () => {
        const list = await bench.list(ctx, bench.tag);
        return list.find((table) => textOf(table['id']) === id) ?? null;
      });
      if (found === null) return differs(`not within ${seconds(pace.waitMs)}`);
      const after = `after ${seconds(found.afterMs)}`;
      return found.afterMs <= LISTED_WITHIN_MS ? holds(after) : differs(after);
    },
  },
];

const sheets = (bench: Bench): Free[] => [
  {
    name: 'blank-sheet',
    question: 'What does a blank sheet come with?',
    expected: BLANK,
    means:
      'A run looks at what its sheet comes with: the column is used for the first text, and a blank row is never run.',
    ask: (ctx) => askBlank(bench, ctx),
  },
  {
    name: 'page-of-100',
    question: 'Is a page of 100 rows allowed?',
    expected: 'limit=100',
    means: 'Pages are made smaller from now on; a run without this fact finds it out by itself.',
    async ask(ctx) {
      for (const limit of [100, 50, 25, 10]) {
        if (!(await isAllowed(bench, ctx, limit))) continue;
        const found = `limit=${limit}`;
        const learned = { rowsPerPage: limit };
        return limit === 100 ? holds(found, learned) : differs(found, learned);
      }
      return differs('limit=10 is refused');
    },
  },
];

async function askBlank(bench: Bench, ctx: CallContext) {
  const { json } = await bench.post(ctx, `${bench.table}/sheets`, { title: 'Rows' });
  bench.sheetId = needed(
    textOf(objectOf(objectOf(json)['sheet'])['id']) || null,
    'the sheet that was made has no id',
  );
  const page = objectOf(
    (await bench.get(ctx, `${bench.sheet}/rows`, { limit: 10, include_columns: 'true' })).json,
  );
  const columns = listOf(page['columns']).map(objectOf);
  const indices = listOf(page['data']).map((row) => objectOf(row)['row_index']);
  const [first] = columns;
  if (first !== undefined) bench.textId = textOf(first['id']) || null;
  const titles = columns.map(({ title }) => textOf(title));
  if (titles.join() === SCAFFOLD_TITLE && indices.length === 1 && indices[0] === 0)
    return holds(BLANK);
  return differs(`${titles.length} columns and ${indices.length} rows`);
}

async function isAllowed(bench: Bench, ctx: CallContext, limit: number): Promise<boolean> {
  try {
    await bench.readRows(ctx, limit);
    return true;
  } catch (error) {
    if (!isRefusal(error) || error.code === 'reply_unreadable') throw error;
    return false;
  }
}
