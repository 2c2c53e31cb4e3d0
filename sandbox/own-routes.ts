import type { Books } from './books.ts';
import * as requests from './requests.ts';
import type { Route } from './route.ts';
import { checked } from './validation.ts';

/** What the sandbox offers about itself; no fault touches it and no ledger counts it. */
export const ownRoutes = (books: Books): Route[] => [
  {
    // ?table=ID adds the runs and cells of that table.
    method: 'GET',
    url: '/_sandbox/ledger',
    auth: 'own',
    handle: (_core, { query }) => {
      const { table } = checked(requests.ledgerQuery, query, 'query');
      const details =
        table !== undefined
          ? {
              runList: books.runs().filter(({ tableId }) => tableId === table),
              cells: books.cells(table),
            }
          : {};
      const faults = { fired: books.fired() };
      return { body: { ...books.summary(), faults, tables: books.tables(), ...details } };
    },
  },
  {
    method: 'POST',
    url: '/_sandbox/credits',
    auth: 'own',
    handle: (core, call) => ({
      body: {
        available_credits: core.execute(
          'addCredits',
          checked(requests.addCredits, call.body(), 'body'),
        ),
      },
    }),
  },
];
