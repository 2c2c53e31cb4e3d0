import type { Json } from '../src/contract/json.ts';
import { PROVIDER_NAMES, type ProviderName } from '../src/providers/catalog.ts';

/** Measurements that a provider takes part in. */
export interface BenchCase {
  provider: ProviderName;
  /** One computed column, as the pipeline file has it. */
  table: Record<string, Json>;
  /** Column of the table that names go into. */
  input: string;
  /** Requests without any poll: make the table, fill it, run it, read it. */
  leastCalls: (rows: number) => number;
  /** Set if the naive script and the bare loop can use its API. */
  naive: boolean;
}

type Measured = Omit<BenchCase, 'provider'>;

export const COLUMNS = [
  {
    kind: 'agent',
    key: 'sector',
    name: 'Sector',
    value: { agent_type: 'research_pro', prompt: 'Which GICS sector is {company_name} in?' },
  },
];

const extruct: Measured = {
  table: { kind: 'company', columns: COLUMNS },
  input: 'input',
  // 1 create, adds of 50 rows, 1 run, pages of 100 rows.
  leastCalls: (rows) => 1 + Math.ceil(rows / 50) + 1 + Math.ceil(rows / 100),
  naive: true,
};

/** Cells above which the sandbox asks back before it runs them. */
const CONFIRMED_ABOVE = 1_000;

const promptlayer: Measured = {
  table: {
    columns: [
      { title: 'Company', type: 'TEXT' },
      {
        title: 'Sector',
        type: 'PROMPT_TEMPLATE',
        config: {
          inline_template: {
            inline: true,
            prompt_template: {
              type: 'completion',
              content: [{ type: 'text', text: 'Which GICS sector is {company} in?' }],
            },
          },
          prompt_template_variable_mappings: { company: 'Company' },
        },
      },
    ],
  },
  input: 'Company',
  // A table, a sheet, three columns (one is that of the keys), 100 rows a request and a page, 1 run
  // and the answer to its question.
  leastCalls: (rows) =>
    2 + 3 + Math.ceil(rows / 100) + (rows > CONFIRMED_ABOVE ? 2 : 1) + Math.ceil((rows + 1) / 100),
  naive: false,
};

const BY_PROVIDER: Record<ProviderName, Measured> = { extruct, promptlayer };

const caseOf = (provider: ProviderName): BenchCase => ({ provider, ...BY_PROVIDER[provider] });

/** Every provider, the preset first. */
export const CASES: readonly BenchCase[] = PROVIDER_NAMES.map(caseOf);

/** The one that the naive script and the bare loop speak, and that simulations take their pace from. */
export const BASE_CASE = caseOf('extruct');
