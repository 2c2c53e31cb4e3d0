import type { Json } from '../../../src/contract/json.ts';
import type { ProviderCase } from './provider-case.ts';

const agent = (
  key: string,
  name: string,
  agentType: string,
  prompt: string,
): Record<string, Json> => ({ kind: 'agent', key, name, value: { agent_type: agentType, prompt } });

export const SECTOR = agent(
  'sector',
  'Sector',
  'research_pro',
  'Which GICS sector is {company_name} in?',
);
const SIZE = agent('size', 'Size', 'llm', 'How many people work at {company_name}?');
const PITCH = agent('pitch', 'Pitch', 'llm', 'Write one line to {company_name}, in {sector}.');

const KINDS = ['company', 'people', 'generic'] as const;
const FREE = ['company_profile', 'company_name', 'company_website', 'discovery_scores'];

const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '');

export const extruct: ProviderCase = {
  name: 'extruct',
  tables: {
    one: { kind: 'company', columns: [SECTOR] },
    two: { kind: 'company', columns: [SECTOR, SIZE] },
    chain: { kind: 'company', columns: [SECTOR, PITCH] },
  },
  reworded: {
    key: 'pitch',
    column: agent('pitch', 'Pitch', 'llm', 'Write two lines to {company_name}, in {sector}.'),
    fields: ['value.prompt'],
  },
  map: { input: 'Security' },
  rowsField: 'rows',
  changes: ['create-table', 'add-rows', 'delete-rows', 'start-run', 'delete-table'],
  balance: 'GET /v1/user',
  eager: {},
  either: [],
  asksBack: false,

  columnsOf: ({ table }) =>
    table.columns
      .filter(({ kind }) => kind !== 'input')
      .map(({ key, kind }) => ({ key: textOf(key), paid: !FREE.includes(textOf(kind)) })),

  tablesIn: ({ state, ledger }) => {
    // Lets the time catch up first.
    const runs = ledger.runs();
    return [...state.tables.values()]
      .filter(({ parent }) => parent === null)
      .map((table) => ({
        id: table.id,
        tags: table.tags ?? [],
        rows: table.live.map((slot) => ({
          id: table.rowIds.id(slot),
          key: textOf(table.metadata[slot]?.['rowmill_key']) || null,
          input: table.data[slot] ?? {},
          createdAtMs: table.rowCreatedAtMs[slot] ?? 0,
        })),
        cells: ledger.cells(table.id),
        runs: runs.filter(({ tableId }) => tableId === table.id),
        inFlight: table.live.flatMap((slot) =>
          table.computed
            .filter(({ cells }) => [1, 2].includes(cells.statusAt(slot)))
            .map(({ config }) => `${table.rowIds.id(slot)}/${config.key}`),
        ),
      }));
  },

  truth: (sandbox, { table: { kind, columns } }, { input }, column) => {
    const config = columns.find(({ key }) => key === column) ?? {};
    return sandbox.truth(KINDS.find((one) => one === kind) ?? 'generic', input, config, columns);
  },
};
