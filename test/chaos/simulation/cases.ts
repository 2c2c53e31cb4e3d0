import type { Json } from '../../../src/contract/json.ts';
import { TOKEN } from '../../support/token.ts';

/** What the simulation has to know of a provider. Another one is another entry. */
export interface ProviderCase {
  /** Environment of its worker. */
  env: Record<string, string>;
  /** The pipeline's `table`, by the name of its columns. */
  tables: Record<string, Record<string, Json>>;
  rows: (count: number) => Record<string, string>[];
  key: string;
  map: Record<string, string>;
  /** Requests that change something: where a lost reply hurts. */
  mutations: string[];
  reads: string[];
  /** Where pages come from. */
  pages: string;
  /** Where the state of a table comes from. */
  status: string;
  /** Where paid work starts. */
  run: string;
}

const agent = (key: string, prompt: string, agentType: string): Record<string, Json> => ({
  kind: 'agent',
  key,
  name: key,
  value: { agent_type: agentType, prompt, output_format: 'text' },
});

const SECTOR = agent('sector', 'Which GICS sector is {company_name} in?', 'research_pro');
const SIZE = agent('size', 'How many people work at {company_name}?', 'llm');
const PITCH = agent('pitch', 'One line to {company_name}, in {sector}.', 'llm');

export const CASES: Record<string, ProviderCase> = {
  extruct: {
    env: { EXTRUCT_API_TOKEN: TOKEN, EXTRUCT_BASE_URL: 'http://127.0.0.1:9' },
    tables: {
      one: { kind: 'company', columns: [SECTOR] },
      two: { kind: 'company', columns: [SECTOR, SIZE] },
      chain: { kind: 'company', columns: [SECTOR, PITCH] },
    },
    rows: (count) =>
      Array.from({ length: count }, (_, n) => ({ Symbol: `S${n}`, Security: `Company ${n}` })),
    key: 'Symbol',
    map: { input: 'Security' },
    mutations: [
      'POST /v1/tables',
      'POST /v1/tables/{id}/rows',
      'DELETE /v1/tables/{id}/rows',
      'POST /v1/tables/{id}/run',
      'DELETE /v1/tables/{id}',
    ],
    reads: ['GET /v1/tables', 'GET /v1/tables/{id}', 'GET /v1/tables/{id}/data', 'GET /v1/user'],
    pages: 'GET /v1/tables/{id}/data',
    status: 'GET /v1/tables/{id}',
    run: 'POST /v1/tables/{id}/run',
  },
};

export function caseOf(provider: string): ProviderCase {
  const found = CASES[provider];
  if (found === undefined) throw new Error(`no case for the provider ${provider}`);
  return found;
}
