import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parse } from 'csv-parse';
import { z } from 'zod';
import { hash32 } from './seeded.ts';

/** Certain facts about a company. */
export interface CompanyFact {
  symbol: string;
  name: string;
  sector: string;
  subIndustry: string;
  /** `City, State or country`. */
  headquarters: string;
  /** Date it joined the index, YYYY-MM-DD. */
  dateAdded: string;
  cik: string;
  /** A year, sometimes with an older one: `2013 (1888)`. */
  founded: string;
}

const line = z
  .object({
    Symbol: z.string(),
    Security: z.string(),
    'GICS Sector': z.string(),
    'GICS Sub-Industry': z.string(),
    'Headquarters Location': z.string(),
    'Date added': z.string(),
    CIK: z.string(),
    Founded: z.string(),
  })
  .transform((row): CompanyFact => ({
    symbol: row.Symbol,
    name: row.Security,
    sector: row['GICS Sector'],
    subIndustry: row['GICS Sub-Industry'],
    headquarters: row['Headquarters Location'],
    dateAdded: row['Date added'],
    cik: row.CIK,
    founded: row.Founded,
  }));

/** Reads a list with the columns of examples/companies/companies.csv. */
export async function readFacts(path: string): Promise<CompanyFact[]> {
  const rows = parse(await readFile(path), { columns: true, bom: true });
  return z.array(line).parse(await rows.toArray());
}

/** The list that comes with the package, from the sources as from the build; else nothing. */
export async function packagedFacts(): Promise<CompanyFact[]> {
  const places = ['../../', '../../../'].map((up) =>
    fileURLToPath(new URL(`${up}examples/companies/companies.csv`, import.meta.url)),
  );
  const found = places.find((place) => existsSync(place));
  return found === undefined ? [] : await readFacts(found);
}

/** `https://www.3m.com/` and `3M` are the same company. */
export const slugOf = (input: string): string =>
  input
    .trim()
    .toLowerCase()
    .replace(/^https?:\/\//, '')
    .replace(/^www\./, '')
    .replace(/\/.*$/, '')
    .replace(/\.[a-z]{2,}(\.[a-z]{2})?$/, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');

export class FactBook {
  readonly #byWord = new Map<string, CompanyFact>();
  /** Distinguishes two lists. */
  readonly digest: number;

  constructor(facts: readonly CompanyFact[]) {
    // Names are entered last: a ticker must not hide the company that is really called so.
    for (const fact of facts) this.#byWord.set(fact.symbol.toLowerCase(), fact);
    for (const fact of facts) this.#byWord.set(slugOf(fact.name), fact);
    for (const fact of facts) this.#byWord.set(fact.name.toLowerCase(), fact);
    this.digest = hash32(JSON.stringify(facts));
  }

  /** Finds a company by name, ticker or domain, in any case. */
  find(input: string): CompanyFact | null {
    const word = input.trim().toLowerCase();
    return this.#byWord.get(word) ?? this.#byWord.get(slugOf(word)) ?? null;
  }
}
