import type { Json } from '../../../contract/json.ts';
import { listOf, objectOf, textOf } from '../../fields.ts';
import {
  differs,
  holds,
  needed,
  newLiveTag,
  noted,
  open,
  type Answer,
  type Probe,
} from '../../live-check.ts';
import { isRefusal, seconds, within } from '../../live-http.ts';
import { briefly } from '../../live-run.ts';
import { deleteReplyProbe } from '../../live-tables.ts';
import type { CallContext } from '../../provider.ts';
import { nullIfGone } from '../../json-api.ts';
import { AGENT, AGENT_KEY, columnsIn, tagsOf, type Bench } from './bench.ts';

type Free = Omit<Probe, 'max'>;

const OWN_COLUMNS = {
  company:
    'input input, company_profile company_profile, company_name company_name, company_website company_website',
  people: 'input input, full_name agent, role agent, profile_url agent',
};
const KEYS = ['doctor-1', 'doctor-2'];
const LISTED_WITHIN_MS = 5_000;

export const freeProbes = (bench: Bench): Probe[] =>
  [...account(bench), ...tables(bench), ...rows(bench), ...status(bench)].map((probe) => ({
    ...probe,
    max: null,
  }));

const account = (bench: Bench): Free[] => [
  {
    name: 'balance',
    question: 'Does the account show its credits?',
    expected: 'a number of credits',
    means:
      'Runs go on without a balance: they cannot say what they cost, nor wait for credits. Nothing that costs is asked here.',
    async ask(ctx) {
      const credits = await bench.readBalance(ctx);
      bench.balance = bench.startBalance = credits;
      return credits === null ? differs('no balance') : holds('a balance');
    },
  },
  {
    name: 'plan',
    question: 'Does the plan allow tables by API?',
    expected: 'no subscription is missing',
    means:
      'Every change may be answered 402 (plan_required): a run would end before its table is made.',
    async ask(ctx) {
      const reply = await nullIfGone(bench.get(ctx, '/v1/billing'));
      if (reply === null) return open('there is no /v1/billing');
      const { user, subscription } = objectOf(reply.json);
      const { requires_subscription: requires, plan_tier: tier } = objectOf(subscription);
      const plan = /^\w{1,30}$/.test(textOf(tier))
        ? `plan ${textOf(tier)}`
        : 'a plan without a name';
      if (requires === true) return differs(`${plan}: a subscription is required`);
      if (objectOf(user)['organization_is_active'] === false)
        return differs('an inactive organization');
      return holds(plan);
    },
  },
  {
    name: 'unknown-tag',
    question: 'Does a list by a tag that no table has stay empty?',
    expected: 'no table',
    means:
      'The filter is not applied. rowmill compares tags itself and touches no table without its own; each search reads the whole list.',
    async ask(ctx) {
      const found = listIn((await bench.get(ctx, '/v1/tables', listQuery(newLiveTag()))).json);
      return found.length === 0 ? holds('no table') : differs('tables without that tag');
    },
  },
];

const tables = (bench: Bench): Free[] => [
  {
    name: 'people-columns',
    question: 'Which columns does a people table make itself?',
    expected: OWN_COLUMNS.people,
    means:
      'The estimate counts three agent cells a row of a people table. Rows may have to fill these columns instead.',
    async ask(ctx) {
      const table = await bench.create(ctx, 'people', []);
      const id = textOf(table['id']);
      const shown =
        columnsIn(table).length > 0 ? table : objectOf((await bench.get(ctx, pathOf(id))).json);
      const found = columnsIn(shown);
      const text = textOfColumns(found);
      if (text === OWN_COLUMNS.people) return holds(text, { credits: { people_agent: 1 } });
      const computed = found.filter(({ kind }) => kind === 'agent').length;
      return differs(text || 'none', computed === 0 ? { credits: { people_agent: 0 } } : undefined);
    },
  },
  deleteReplyProbe(bench, pathOf),
  {
    name: 'tags-returned',
    question: 'Does a table show the tags it was made with?',
    expected: 'in the reply to its create, and when it is read',
    means:
      'rowmill cannot distinguish its own table from another one: after a lost reply it makes a new table, and leaves the first one.',
    async ask(ctx) {
      const table = await bench.create(ctx, 'company', [AGENT]);
      const id = textOf(table['id']);
      bench.tableId = id;
      const read = objectOf((await bench.get(ctx, pathOf(id))).json);
      for (const column of [...columnsIn(table), ...columnsIn(read)]) {
        bench.columns.set(column.key, column.id);
      }
      const missing = [
        ...(tagsOf(table).includes(bench.tag) ? [] : ['the reply to its create']),
        ...(tagsOf(read).includes(bench.tag) ? [] : ['the table when it is read']),
      ];
      return missing.length === 0 ? holds('in both') : differs(`not in ${missing.join(' and ')}`);
    },
  },
  {
    name: 'company-columns',
    question: 'Which columns does a company table make itself?',
    expected: OWN_COLUMNS.company,
    means:
      'What the columns of a pipeline wait for is planned for these; the table itself says what there is when a run begins.',
    async ask(ctx) {
      const read = columnsIn(objectOf((await bench.get(ctx, bench.table)).json));
      const text = textOfColumns(read.filter(({ key }) => key !== AGENT_KEY));
      return text === OWN_COLUMNS.company ? holds(text) : differs(text || 'none');
    },
  },
  {
    name: 'listed',
    question: 'When does a list by its tag show a new table?',
    expected: `with its tags, within ${LISTED_WITHIN_MS / 1_000} s`,
    means:
      'A create whose reply was lost is looked for in this list: where it lags, a second table may be made, and is deleted later.',
    ask: (ctx) => askListed(bench, ctx),
  },
];

async function askListed(bench: Bench, ctx: CallContext): Promise<Answer> {
  const id = needed(bench.tableId, 'there is no table');
  const pace = { ...bench.pace, waitMs: Math.min(bench.pace.waitMs, 30_000) };
  const found = await within(ctx, pace, async () => {
    const list = listIn((await bench.get(ctx, '/v1/tables', listQuery(bench.tag))).json);
    return list.map(objectOf).find((table) => textOf(table['id']) === id) ?? null;
  });
  if (found === null) return differs(`not within ${seconds(pace.waitMs)}`);
  const after = `after ${seconds(found.afterMs)}`;
  if (!tagsOf(found.value).includes(bench.tag)) return differs(`${after}, without its tags`);
  return found.afterMs <= LISTED_WITHIN_MS ? holds(after) : differs(after);
}

const rows = (bench: Bench): Free[] => [
  {
    name: 'rows-reply',
    question: 'How does the reply to new rows name them?',
    expected: 'in the order sent, each with its metadata',
    means:
      'Rows are matched by their key in the metadata, and by their place where it is missing: another order without metadata would mix them up.',
    async ask(ctx) {
      const sent = KEYS.map((key) => ({
        data: { input: 'example.com' },
        metadata: { rowmill_key: key },
      }));
      const { json } = await bench.post(ctx, `${bench.table}/rows`, { rows: sent, run: false });
      const reply = listIn(json, 'rows', 'data').map(objectOf);
      bench.rowIds = reply.map((row) => textOf(row['id']));
      const keys = reply.map((row) => textOf(objectOf(row['metadata'])['rowmill_key']));
      if (reply.length !== KEYS.length) return differs(`${reply.length} rows for ${KEYS.length}`);
      if (keys.every((key) => key === '')) return differs('without metadata');
      if (keys.join() !== KEYS.join()) return differs('in another order');
      return holds('in the order sent, with metadata');
    },
  },
  {
    name: 'same-input',
    question: 'Do two rows with the same input stay two rows?',
    expected: 'two rows',
    means:
      'Rows that are alike become one: a run waits for rows that never come. Leave repeated inputs out of the list.',
    async ask(ctx) {
      needed(bench.rowIds[0], 'the rows were not made');
      const { size } = await bench.readRows(ctx);
      return size === KEYS.length ? holds('two rows') : differs(`${size} of two`);
    },
  },
  {
    name: 'metadata-read',
    question: 'Do rows carry their metadata when they are read?',
    expected: 'the metadata they were sent with',
    means: 'rowmill knows rows by it. A run finds out before its first paid request, and ends.',
    async ask(ctx) {
      needed(bench.rowIds[0], 'the rows were not made');
      const { json } = await bench.get(ctx, `${bench.table}/data`, { offset: 0, limit: 1 });
      const [row] = listOf(objectOf(json)['rows']).map(objectOf);
      const key = textOf(objectOf(row?.['metadata'])['rowmill_key']);
      return KEYS.includes(key) ? holds('the metadata') : differs('no metadata');
    },
  },
  {
    name: 'data-type',
    question: 'Of what content type is a page of rows?',
    expected: 'application/json',
    means:
      'A page is read by what it holds. A type that cannot be read makes results unreadable after they were paid.',
    async ask(ctx) {
      try {
        const { type } = await bench.get(ctx, `${bench.table}/data`, { offset: 0, limit: 1 });
        if (/[/+]json$/.test(type)) return holds(type);
        return differs(type === '' ? 'no type' : type);
      } catch (error) {
        if (!isRefusal(error)) throw error;
        return differs(`a page that cannot be read: ${briefly(error)}`);
      }
    },
  },
  {
    name: 'page-of-100',
    question: 'Is a page of 100 rows allowed?',
    expected: 'limit=100',
    means: 'Pages are made smaller from now on; a run without this fact finds it out by itself.',
    async ask(ctx) {
      for (const limit of [100, 50, 25, 10]) {
        if (!(await isAllowed(bench, ctx, limit))) continue;
        const learned = { rowsPerPage: limit };
        return limit === 100 ? holds('limit=100', learned) : differs(`limit=${limit}`, learned);
      }
      return differs('limit=10 is refused');
    },
  },
  {
    name: 'page-of-1000',
    question: 'Is a page of 1,000 rows allowed?',
    expected: null,
    means: '',
    ask: async (ctx) =>
      noted((await isAllowed(bench, ctx, 1_000)) ? 'limit=1000 is taken' : 'limit=1000 is refused'),
  },
];

async function isAllowed(bench: Bench, ctx: CallContext, limit: number): Promise<boolean> {
  try {
    await bench.get(ctx, `${bench.table}/data`, { offset: 0, limit });
    return true;
  } catch (error) {
    if (!isRefusal(error) || error.code === 'reply_unreadable') throw error;
    return false;
  }
}

const COUNTERS = ['num_rows', 'num_output_columns', 'num_cells_completed', 'num_cells_in_progress'];

const status = (bench: Bench): Free[] => [
  {
    name: 'counters',
    question: 'Are all counters in the status of a table, also those that are 0?',
    expected: 'all of them',
    means: 'A counter that is left out is read as 0.',
    async ask(ctx) {
      const { status: shown } = objectOf((await bench.get(ctx, bench.table)).json);
      const missing = COUNTERS.filter((name) => typeof objectOf(shown)[name] !== 'number');
      return missing.length === 0 ? holds('all of them') : differs(`without ${missing.join(', ')}`);
    },
  },
  {
    name: 'output-columns',
    question: 'Does num_output_columns count the automatic columns as well?',
    expected: 'all computed columns',
    means:
      'The share of a run that is done is shown too high or too low; when it has ended is judged by its cells.',
    async ask(ctx) {
      const table = objectOf((await bench.get(ctx, bench.table)).json);
      const reported = objectOf(table['status'])['num_output_columns'];
      const computed = columnsIn(table).filter(({ kind }) => kind !== 'input').length;
      if (reported === computed) return holds('all computed columns');
      return differs(typeof reported === 'number' ? `${reported} of ${computed}` : 'no number');
    },
  },
];

export const pathOf = (id: string): string => `/v1/tables/${encodeURIComponent(id)}`;

export const listQuery = (tag: string) => ({
  tags: tag,
  offset: 0,
  limit: 100,
  sort: 'created_at',
});

export const listIn = (json: Json, ...names: string[]): Json[] =>
  Array.isArray(json)
    ? json
    : ['tables', 'data', 'items', ...names].flatMap((name) => listOf(objectOf(json)[name]));

const textOfColumns = (columns: readonly { key: string; kind: string }[]): string =>
  columns.map(({ key, kind }) => `${key} ${kind}`).join(', ');
