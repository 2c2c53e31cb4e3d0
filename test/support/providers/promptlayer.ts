import type { Sandbox } from '../../../sandbox/index.ts';
import { engineConfig } from '../../../sandbox/promptlayer/column-types.ts';
import { indexAt, type PromptLayerState, type Sheet } from '../../../sandbox/promptlayer/state.ts';
import type { Json, JsonObject } from '../../../src/contract/json.ts';
import type { ColumnConfig } from '../../../src/contract/pipeline.ts';
import type { LiveTable, ProviderCase, TableRow } from './provider-case.ts';

const KEY = 'rowmill key';

/** A column that asks a model about another one. */
const prompt = (title: string, reads: string, text: string): Record<string, Json> => ({
  title,
  type: 'PROMPT_TEMPLATE',
  config: {
    inline_template: {
      inline: true,
      prompt_template: { type: 'completion', content: [{ type: 'text', text }] },
    },
    prompt_template_variable_mappings: { word: reads },
  },
});

const COMPANY = { title: 'Company', type: 'TEXT' };
const SECTOR = prompt('Sector', 'Company', 'Which GICS sector is {word} in?');
const SIZE = prompt('Size', 'Company', 'How many people work at {word}?');
const PITCH = prompt('Pitch', 'Sector', 'Write one line to a company in {word}.');

/** Column types of our tests that work on texts alone. */
const FREE = ['COUNT'];

export const promptlayer: ProviderCase = {
  name: 'promptlayer',
  tables: {
    one: { columns: [COMPANY, SECTOR] },
    two: { columns: [COMPANY, SECTOR, SIZE] },
    chain: { columns: [COMPANY, SECTOR, PITCH] },
  },
  reworded: {
    key: 'Pitch',
    column: prompt('Pitch', 'Sector', 'Write two lines to a company in {word}.'),
    fields: ['config.inline_template.prompt_template.content'],
  },
  map: { Company: 'Security' },
  rowsField: 'values',
  changes: [
    'create-table',
    'create-sheet',
    'create-column',
    'delete-rows',
    'add-rows',
    'start-run',
    'cancel-run',
    'delete-table',
  ],
  balance: null,
  eager: {
    promptLayer: {
      confirmAbove: 20,
      cellsPerExecution: 12,
      // What the reference leaves open, the other way round.
      cursorIn: 'top',
      neverComputed: 'virtual',
      values: 'wrapped',
      rowWords: 'upper',
    },
  },
  either: [
    { indices: 'sparse' },
    { indices: 'scattered' },
    { rowDeletes: 'refused' },
    { defaultSheet: 'always' },
    { defaultSheet: 'only with' },
    { moreSheets: 'refused' },
  ],
  asksBack: true,

  columnsOf: ({ table }) =>
    table.columns
      .filter(({ type }) => type !== 'TEXT')
      .map((config) => ({ key: titleOf(config), paid: !FREE.includes(textOf(config['type'])) })),

  tablesIn: ({ state, ledger }) => {
    // Lets the time catch up first.
    const runs = ledger.runs();
    return [...state.promptLayer.books.values()].map(({ id, title, sheets }): LiveTable => {
      const read = sheets.map((sheet, at) =>
        sheetRead(state.promptLayer, sheet, at === 0 ? '' : `${sheet.id}:`, ledger),
      );
      return {
        id,
        tags: title.match(/\browmill-[0-9a-f]+\b/g) ?? [],
        rows: read.flatMap(({ rows }) => rows),
        rowsLeftTwice: read.reduce((sum, { leftTwice }) => sum + leftTwice, 0),
        cells: read.flatMap(({ cells }) => cells),
        inFlight: read.flatMap(({ inFlight }) => inFlight),
        runs: runs
          .filter(({ tableId }) => sheets.some((sheet) => sheet.id === tableId))
          .map((run) => ({ ...run, mode: MODES[run.mode] ?? run.mode })),
      };
    });
  },

  /** The engine knows a row by its leftmost text, and computes as a model that is asked. */
  truth: (sandbox, { table: { columns } }, { key, input }, column) => {
    const leftmost = input[titleOf(columns.find(({ type }) => type === 'TEXT') ?? {})];
    const data = { ...(leftmost === undefined ? {} : { input: leftmost }), ...input, [KEY]: key };
    const configs = columns.map((config) =>
      engineConfig(
        titleOf(config),
        textOf(config['type']),
        objectOf(config['config']),
        Object.values(
          objectOf(objectOf(config['config'])['prompt_template_variable_mappings']),
        ).map(textOf),
      ),
    );
    const config = configs.find((one) => one.key === column) ?? {};
    return sandbox.truth('generic', data, config, configs);
  },
};

const MODES: Record<string, string> = { STALE: 'new', FAILED: 'failed' };

const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '');
const titleOf = (config: ColumnConfig): string => textOf(config['title']);
const objectOf = (value: Json | undefined): JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};

/** Rows are known by their index. */
function sheetRead(
  state: PromptLayerState,
  sheet: Sheet,
  prefix: string,
  ledger: Sandbox['ledger'],
) {
  const { table } = sheet;
  const ids = new Map(
    table.live.map((slot, place) => [
      table.rowIds.id(slot),
      `${prefix}${indexAt(state, sheet, place)}`,
    ]),
  );
  const idOf = (slot: number): string => ids.get(table.rowIds.id(slot)) ?? '';
  const asked = (slot: number): boolean =>
    table.computed.some(({ cells }) => cells.statusAt(slot) > 0 || (cells.starts[slot] ?? 0) > 0);
  const keys = new Set<string>();
  let leftTwice = 0;
  const rows = table.live.flatMap((slot): TableRow[] => {
    const { input: _word, [KEY]: key, ...input } = table.data[slot] ?? {};
    const name = textOf(key);
    // The blank row, and rows that were committed twice, stay; they must never be run.
    const idle = (name === '' || keys.has(name)) && !asked(slot);
    if (idle && keys.has(name) && name !== '') leftTwice += 1;
    keys.add(name);
    if (idle) return [];
    const createdAtMs = table.rowCreatedAtMs[slot] ?? 0;
    return [{ id: idOf(slot), key: name || null, input, createdAtMs }];
  });
  return {
    rows,
    leftTwice,
    cells: ledger
      .cells(table.id)
      .map((cell) => ({ ...cell, rowId: ids.get(cell.rowId) ?? cell.rowId })),
    inFlight: table.live.flatMap((slot) =>
      table.computed
        .filter(({ cells }) => [1, 2].includes(cells.statusAt(slot)))
        .map(({ config }) => `${idOf(slot)}/${config.key}`),
    ),
  };
}
