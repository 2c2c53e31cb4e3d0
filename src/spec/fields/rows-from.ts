import { z } from 'zod';
import type { Json } from '../../contract/json.ts';
import type { IssueDraft } from '../document/issue-draft.ts';
import type { Path } from '../document/issue.ts';
import { foundText } from '../document/translate.ts';

/** Maximum characters of a query. */
const MAX_QUERY = 20_000;

/** Rows of a query of PostgreSQL in `rows.from`. */
export const queryFile = z
  .strictObject({
    postgres: z
      .strictObject({
        urlEnv: z
          .string()
          .regex(/^[A-Za-z_][A-Za-z0-9_]*$/)
          .describe('Environment variable with the address, where the rows are read: postgres://…'),
        query: z
          .string()
          .min(1)
          .max(MAX_QUERY)
          .describe('One SELECT, in a transaction that reads.'),
      })
      .describe('Server and query.'),
  })
  .describe('The rows of a query of PostgreSQL.');

export const isWebAddress = (from: string): boolean => /^https?:\/\//i.test(from);

/** Checks an address of rows on the web. */
export function checkWebAddress(path: Path, from: Json | undefined): IssueDraft[] {
  if (typeof from !== 'string' || !isWebAddress(from)) return [];
  const allowed = 'an https address without credentials';
  const found = foundText(from);
  if (!URL.canParse(from)) return [{ path, found, allowed }];
  const { username, password, hostname, pathname } = new URL(from);
  if (username !== '' || password !== '') return [{ path, found: 'credentials', allowed }];
  // The page of a sheet, not its rows.
  const sheet = /^\/spreadsheets\/d\/([\w-]+)\/(?:edit|view|htmlview)/.exec(pathname);
  if (hostname !== 'docs.google.com' || sheet === null) return [];
  const link = `https://docs.google.com/spreadsheets/d/${sheet[1] ?? 'ID'}/export?format=csv`;
  return [{ path, found: 'the page of a sheet', allowed: `its CSV link: ${link}` }];
}
