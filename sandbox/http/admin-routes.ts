import { z } from 'zod';
import type { LedgerReport } from '../engine/ledger-report.ts';
import type { Route } from './route.ts';
import { checked } from './validation.ts';

const ledgerQuery = z.object({ table: z.string().optional() });
const addCredits = z.object({ add: z.number() });

/** Routes about the sandbox itself, without faults and outside the ledger. */
export const ownRoutes = (report: LedgerReport): Route[] => [
  {
    // ?table=ID adds the runs and cells of that table.
    method: 'GET',
    url: '/_sandbox/ledger',
    handle: (_core, { query }) => {
      const { table } = checked(ledgerQuery, query, 'query');
      const details =
        table !== undefined
          ? {
              runList: report.runs().filter(({ tableId }) => tableId === table),
              cells: report.cells(table),
            }
          : {};
      const faults = { hits: report.faultHits() };
      return { body: { ...report.summary(), faults, tables: report.tables(), ...details } };
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
