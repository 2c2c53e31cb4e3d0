import { sandboxEnv, sandboxTokens } from '../../../src/providers/sandbox-tokens.ts';
import { TOKEN } from '../token.ts';
import { extruct } from './extruct.ts';
import { promptlayer } from './promptlayer.ts';
import type { ProviderCase, WantedRow } from './provider-case.ts';

/** The providers that everything is proved for. */
export const CASES: readonly ProviderCase[] = [extruct, promptlayer];

export function caseOf(provider: string): ProviderCase {
  const found = CASES.find(({ name }) => name === provider);
  if (found === undefined) throw new Error(`no case for the provider ${provider}`);
  return found;
}

/** Environment of a process whose APIs are all there. */
export const allEnv = (url: string): Record<string, string> =>
  sandboxEnv(url, sandboxTokens({}, TOKEN));

export interface CompanyRow extends Record<string, string> {
  Symbol: string;
  Security: string;
}

/** Rows for a pipeline of any provider, keyed by `Symbol`. */
export const companies = (count: number): CompanyRow[] =>
  Array.from({ length: count }, (_, n) => ({ Symbol: `S${n}`, Security: `Company ${n}` }));

/** Returns the rows as they should be in the table. */
export const wantedRows = ({ map }: ProviderCase, rows: readonly CompanyRow[]): WantedRow[] =>
  rows.map((row) => ({
    key: row.Symbol,
    input: Object.fromEntries(Object.entries(map).map(([to, from]) => [to, row[from] ?? ''])),
  }));
