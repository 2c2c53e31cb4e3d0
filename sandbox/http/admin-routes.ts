import { z } from 'zod';
import type { LedgerReport } from '../engine/ledger-report.ts';
import type { Route } from './route.ts';
import { checked } from './validation.ts';

const ledgerQuery = z.object({ table: z.string().optional() });
const addCredits = z.object({ add: z.number() });

/** Routes about the sandbox itself, without faults and outside the ledger. */
export const ownRoutes = (books: LedgerReport): Route[] => [
  {
    // ?table=ID adds the runs and cells of that table.
    method: 'GET',
    url: '/_sandbox/ledger',
    handle: (_core, { query }) => {
      const { table } = checked(ledgerQuery, query, 'query');
      const details =
        table !== undefined
          ? {
              runList: books.runs().filter(({ tableId }) => tableId === table),
              cells: books.cells(table),
            }
          : {};
      const faults = { hits: books.faultHits() };
      return { body: { ...books.summary(), faults, tables: books.tables(), ...details } };
    },
  },
  {
    method: 'POST',
    url: '/_sandbox/credits',
    handle: (core, call) => ({
      body: {
        available_credits: core.execute('addCredits', checked(addCredits, call.body(), 'body')),
      },
    }),
  },
];
