import { z } from 'zod';
import type { PlannedColumn, ProviderSpec, TableShape } from '../provider-spec.ts';
import { answerSchema } from './answer-schema.ts';
import { checkColumns } from './check-columns.ts';
import { columnConfig, COSTS, isColumnType, TEXT } from './column-configs.ts';
import { titleOf, titlesRead, typeOf } from './dependencies.ts';
import { starter } from './starter.ts';

/** Add Rows accepts, and List Rows returns, at most 100 rows. */
export const PROMPTLAYER_LIMITS = { rowsPerAdd: 100, rowsPerPage: 100 } as const;

export const promptLayerSpec: ProviderSpec = {
  name: 'promptlayer',
  tokenVariable: 'PROMPTLAYER_API_KEY',
  baseUrlVariable: 'PROMPTLAYER_BASE_URL',
  baseUrl: 'https://api.promptlayer.com',
  example: 'companies/promptlayer.yaml',
  kinds: [],
  settings: {
    sheet: z.string().min(1).max(255).optional().describe('Title of the sheet. Default Rows.'),
    folder_id: z.int().optional().describe('Registry folder the table is put into.'),
  },
  column: columnConfig,
  limits: PROMPTLAYER_LIMITS,
  lasting: { drop: false },
  requests: {
    // Create table and sheet, and read the sheet. Create each column and the key column. Delete the
    // blank row and verify it.
    table: ({ columns }) => 3 + columns.length + 1 + 2,
    // The row count and the state of the cells are two readings.
    start: 3,
  },
  inputs: ({ columns }) => columns.filter((config) => typeOf(config) === TEXT).map(titleOf),
  check: checkColumns,
  doubts: () => [],
  plan,
  starter,
};

/** Free columns call neither a model nor a service (Column Types, "Compute cost"). */
function plan({ columns }: TableShape): PlannedColumn[] {
  const computed = new Set(columns.filter((one) => typeOf(one) !== TEXT).map(titleOf));
  const texts = new Set(columns.filter((one) => typeOf(one) === TEXT).map(titleOf));
  return columns.map((config): PlannedColumn => {
    const type = typeOf(config);
    const paid = !isColumnType(type) || COSTS[type] !== 'none';
    const titles = titlesRead(config);
    const answers = answerSchema(config);
    // Which columns a type without references reads (code, an endpoint) is not documented.
    const isKnown = type !== TEXT && titles.length > 0;
    return {
      key: titleOf(config),
      name: titleOf(config),
      input: type === TEXT,
      ours: true,
      paid,
      creditsWeight: paid ? 1 : 0,
      dependsOn: titles.filter((title) => computed.has(title)),
      ...(isKnown ? { reads: titles.filter((title) => texts.has(title)) } : {}),
      ...(answers === null ? {} : { answers }),
      ...(type === TEXT ? {} : { priceKind: type }),
    };
  });
}
