import type { Json, JsonObject } from '../../../contract/json.ts';
import { listOf, objectOf, textOf } from '../../fields.ts';
import { nullIfGone } from '../../json-api.ts';
import { differs, holds, needed, noted, open, type Answer, type Probe } from '../../live-check.ts';
import type { CallContext } from '../../provider.ts';
import { TEXT } from '../column-configs.ts';
import type { Bench, SheetRow } from './bench.ts';

const WORDS = ['doctor-1', 'doctor-2'];

interface Shared {
  ids: { executions: string[]; operation: string; execution: string } | null;
  cellCount: number | null;
}

export function paidProbes(bench: Bench): Probe[] {
  const shared: Shared = { ids: null, cellCount: null };
  return [...starts(bench), ...operations(bench, shared)];
}

const starts = (bench: Bench): Probe[] => [
  {
    name: 'column-starts',
    question: 'Does a new computed column start by itself, on the rows that are there?',
    expected: 'no: its cells wait for an operation',
    means:
      'The blank row of a new sheet is computed once for each column: one cell a column more than the estimate.',
    max: () => 1,
    async ask(ctx) {
      bench.textId ??= await makeColumn(bench, ctx, { title: 'Word', type: TEXT });
      bench.computedId = await makeColumn(bench, ctx, {
        title: 'Doctor',
        type: 'CODE_EXECUTION',
        config: { code: 'return 1', language: 'PYTHON' },
      });
      const rows = await bench.settled(ctx);
      if (rows.length === 0) return open('the sheet has no row');
      const ran = rows.some((row) => bench.stateOf(row) !== 'pending');
      return ran ? differs('yes') : holds('no: it waits for an operation');
    },
  },
  {
    name: 'row-indices',
    question: 'Which indices do new rows get?',
    expected: 'the next ones, as the reply names them',
    means:
      'A run names rows by the indices that the replies gave; with gaps, the number of a row is not its place.',
    max: () => WORDS.length,
    ask: (ctx) => askIndices(bench, ctx),
  },
  {
    name: 'rows-start',
    question: 'Do new rows start by themselves?',
    expected: 'no: their cells wait for an operation',
    means:
      'Cells are computed, and cost, before a run asks for them: nothing can be held back for an approval.',
    max: () => 0,
    async ask(ctx) {
      needed(bench.indices[0], 'no rows were made');
      const rows = ourRows(bench, await bench.settled(ctx));
      if (rows.length === 0) return open('the rows are not shown');
      const ran = rows.some((row) => bench.stateOf(row) !== 'pending');
      if (ran) bench.stopped = 'the cells have run by themselves';
      return ran ? differs('yes') : holds('no: they wait for an operation');
    },
  },
  {
    name: 'value-shape',
    question: 'How is a value wrapped?',
    expected: null,
    means: '',
    max: () => 0,
    async ask(ctx) {
      const textId = needed(bench.textId, 'there is no column');
      const [row] = ourRows(bench, await bench.readRows(ctx));
      const { value } = objectOf(needed(row, 'the rows are not shown').cells[textId]);
      return noted(typeof value === 'string' ? 'as it is' : `as ${shapeOf(value)}`);
    },
  },
];

async function makeColumn(bench: Bench, ctx: CallContext, body: JsonObject): Promise<string> {
  const { json } = await bench.post(ctx, `${bench.sheet}/columns`, body);
  return needed(
    textOf(objectOf(objectOf(json)['column'])['id']) || null,
    'the column that was made has no id',
  );
}

async function askIndices(bench: Bench, ctx: CallContext): Promise<Answer> {
  const textId = needed(bench.textId, 'there is no column');
  const last = (await bench.readRows(ctx)).at(-1)?.index ?? -1;
  const { json } = await bench.post(ctx, `${bench.sheet}/rows`, {
    count: WORDS.length,
    values: WORDS.map((word) => ({ [textId]: word })),
  });
  const replied = listOf(objectOf(json)['row_indices']).filter(
    (index) => typeof index === 'number',
  );
  const shown = (await bench.readRows(ctx)).map(({ index }) => index).filter((at) => at > last);
  bench.indices = replied.length === WORDS.length ? replied : shown;
  if (replied.length !== WORDS.length) return differs('the reply does not name them');
  if (replied.join() !== shown.join()) return differs('others than the reply names');
  const isNext = replied.every((index, at) => index === last + 1 + at);
  return isNext ? holds('the next ones') : differs('with a gap before them');
}

const operations = (bench: Bench, shared: Shared): Probe[] => [
  {
    name: 'operation-cells',
    question: 'Does an operation run the rows it names, and say how many cells they are?',
    expected: '1 cell for 1, and the other row is left alone',
    means:
      'An operation runs more than it names, or does not say how much: what was approved is held against the cells of the sheet.',
    max: () => WORDS.length,
    ask: (ctx) => askOperation(bench, shared, ctx),
  },
  {
    name: 'operation-ids',
    question: 'Which ids of an operation can be read?',
    expected: 'every one that the reply has',
    means:
      'Every id is read; one that cannot be read is passed over, and the whole sheet is looked at in the end.',
    max: () => 0,
    async ask(ctx) {
      const { executions, operation, execution } = needed(shared.ids, 'no operation was made');
      const replied = new Map([
        ...executions.map((id) => ['execution_ids', id] as const),
        ...(operation === '' ? [] : [['operation_id', operation] as const]),
        ...(execution === '' ? [] : [['execution_id', execution] as const]),
      ]);
      const unread: string[] = [];
      for (const [name, id] of replied) if (!(await isRead(bench, ctx, id))) unread.push(name);
      if (replied.size === 0) return differs('the reply has no id');
      return unread.length === 0
        ? holds('every one that the reply has')
        : differs(`not ${unread.join(', ')}`);
    },
  },
  {
    name: 'operation-kept',
    question: 'Can an operation be read when it is over?',
    expected: 'yes',
    means: 'The status of the whole sheet counts from the moment an operation is gone.',
    max: () => 0,
    async ask(ctx) {
      const { executions, execution, operation } = needed(shared.ids, 'no operation was made');
      const id = executions[0] ?? (execution || operation);
      return (await isRead(bench, ctx, id)) ? holds('yes') : differs('no');
    },
  },
  {
    name: 'cell-words',
    question: 'In which words do rows show the state of a cell?',
    expected: null,
    means: '',
    max: () => 0,
    async ask(ctx) {
      needed(bench.computedId, 'there is no computed column');
      const words = (await bench.readRows(ctx)).map((row) => textOf(bench.cellOf(row)['status']));
      const shown = [...new Set(words.filter((word) => /^[A-Za-z_]{1,20}$/.test(word)))];
      return shown.length === 0 ? open('none is shown') : noted(shown.sort().join(', '));
    },
  },
];

async function askOperation(bench: Bench, shared: Shared, ctx: CallContext): Promise<Answer> {
  if (bench.stopped !== null) needed(null, bench.stopped);
  const index = needed(bench.indices[0], 'no rows were made');
  const { json } = await bench.post(ctx, `${bench.sheet}/operations`, {
    operation: 'recalculate',
    statuses: ['STALE'],
    row_ids: [index],
    column_ids: [needed(bench.computedId, 'there is no computed column')],
  });
  const reply = objectOf(json);
  shared.ids = {
    executions: listOf(reply['execution_ids']).map(textOf).filter(Boolean),
    operation: textOf(reply['operation_id']),
    execution: textOf(reply['execution_id']),
  };
  const rows = ourRows(bench, await bench.settled(ctx));
  const ran = rows.filter((row) => bench.stateOf(row) !== 'pending').map((row) => row.index);
  const { cell_count: cells, virtual_cell_count: virtual } = reply;
  const count = Math.max(numberOf(cells), numberOf(virtual));
  if (ran.some((at) => at !== index)) return differs('the other row ran as well');
  if (ran.length === 0) return differs('nothing ran');
  return count === 1 ? holds('1 cell for 1') : differs(`${count} cells for 1`);
}

const isRead = async (bench: Bench, ctx: CallContext, id: string): Promise<boolean> =>
  (await nullIfGone(bench.get(ctx, `${bench.sheet}/operations/${encodeURIComponent(id)}`))) !==
  null;

const ourRows = (bench: Bench, rows: readonly SheetRow[]): SheetRow[] =>
  rows.filter(({ index }) => bench.indices.includes(index));

const numberOf = (value: Json | undefined): number => (typeof value === 'number' ? value : 0);

/** Names only the fields, never a value. */
const shapeOf = (value: Json | undefined): string =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? `{ ${Object.keys(value).slice(0, 5).join(', ')} }`
    : 'something else';
