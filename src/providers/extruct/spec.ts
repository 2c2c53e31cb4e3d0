import { byName } from '../../contract/by-name.ts';
import { z } from 'zod';
import type { ColumnConfig } from '../../contract/pipeline.ts';
import { objectOf, textOf } from '../fields.ts';
import type { PlannedColumn, ProviderSpec, TableShape } from '../provider-spec.ts';
import { answerSchema } from './answer-schema.ts';
import { checkColumns, doubtfulColumns } from './check-columns.ts';
import { columnConfig } from './column-configs.ts';
import { automaticColumns, columnDependencies, DEFAULT_KIND, keyOf } from './dependencies.ts';
import { starter } from './starter.ts';

export const EXTRUCT_BASE_URL = 'https://api.extruct.ai';

/** Rows per request: 50 is what Extruct's own batches use; pages of 100 are served as well. */
export const EXTRUCT_LIMITS = { rowsPerAdd: 50, rowsPerPage: 100 } as const;

/** Credits of a cell, relative to a plain one. */
const WEIGHT = byName([
  ['input', 0],
  ['company_people_finder', 2],
]);

const KINDS = [DEFAULT_KIND, 'people', 'generic'];

export const extructSpec: ProviderSpec = {
  name: 'extruct',
  tokenVariable: 'EXTRUCT_API_TOKEN',
  baseUrlVariable: 'EXTRUCT_BASE_URL',
  baseUrl: EXTRUCT_BASE_URL,
  example: 'companies/pipeline.yaml',
  kinds: KINDS,
  settings: {
    kind: z.enum(KINDS).optional().describe('Kind of table: company (default), people, generic.'),
    description: z.string().optional().describe('For people who see the table.'),
    tags: z.array(z.string().min(1)).optional().describe('Labels of the table.'),
  },
  column: columnConfig,
  limits: EXTRUCT_LIMITS,
  lasting: { drop: true },
  // One request creates the table with its columns, and one reads the automatic ones.
  requests: { table: () => 2, start: 2 },
  inputs: (table) => [
    ...new Set([
      ...(automaticColumns(kindOf(table)).some(({ key }) => key === 'input') ? ['input'] : []),
      ...table.columns.filter(isInput).map(keyOf),
    ]),
  ],
  check: checkColumns,
  doubts: doubtfulColumns,
  plan,
  starter,
};

function plan(table: TableShape): PlannedColumn[] {
  const kind = kindOf(table);
  const declared = new Set(table.columns.map(keyOf));
  const automatic = automaticColumns(kind).flatMap(({ agent, ...column }): PlannedColumn[] =>
    declared.has(column.key)
      ? []
      : // Whether profile cells are charged is not documented; the observed price list has none.
        [
          {
            ...column,
            ours: false,
            paid: agent,
            creditsWeight: agent ? 1 : 0,
            priceKind: agent ? 'people_agent' : column.key,
          },
        ],
  );
  const ours = table.columns.map((config): PlannedColumn => {
    const columnKind = textOf(config['kind']);
    const creditsWeight = WEIGHT[columnKind] ?? 1;
    const answers = answerSchema(config);
    return {
      key: keyOf(config),
      name: textOf(config['name']),
      input: isInput(config),
      ours: true,
      paid: creditsWeight > 0,
      creditsWeight,
      dependsOn: columnDependencies(config, kind),
      ...(answers === null ? {} : { answers }),
      ...(isInput(config) ? {} : { priceKind: priceKindOf(config) }),
    };
  });
  const all = [...automatic, ...ours];
  const there = new Set(all.map(({ key }) => key));
  const inputs = new Set(all.filter(({ input }) => input).map(({ key }) => key));
  return all.map((column) => {
    const dependsOn = column.dependsOn.filter((key) => there.has(key));
    // What a column without any mention reads is not documented.
    const isKnown = !column.input && dependsOn.length > 0;
    return {
      ...column,
      dependsOn,
      ...(isKnown ? { reads: dependsOn.filter((key) => inputs.has(key)) } : {}),
    };
  });
}

/** Distinguishes agents by their type: each has its own price. */
function priceKindOf(config: ColumnConfig): string {
  const columnKind = textOf(config['kind']);
  if (columnKind !== 'agent') return columnKind;
  return agentKind(textOf(objectOf(config['value'])['agent_type']) || 'research_pro');
}

export const agentKind = (agentType: string): string => `agent_${agentType}`;

const kindOf = (table: TableShape): string => table.kind ?? DEFAULT_KIND;
const isInput = (config: ColumnConfig): boolean => config['kind'] === 'input';
