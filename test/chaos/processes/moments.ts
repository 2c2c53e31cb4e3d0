import type { ProviderCase } from '../../support/providers/provider-case.ts';
import type { Moment } from './held-sandbox.ts';

/** Of every step of a run, where it talks to the API. */
const MOMENTS: readonly Moment[] = [
  { step: 'prepareRows', on: 'read-account', nth: 1 },
  { step: 'ensureTable', on: 'find-tables', nth: 1 },
  { step: 'ensureTable', on: 'create-table', nth: 1 },
  { step: 'ensureTable', on: 'create-sheet', nth: 1 },
  { step: 'ensureTable', on: 'create-column', nth: 1 },
  { step: 'ensureTable', on: 'create-column', nth: 3 },
  { step: 'loadRows', on: 'add-rows', nth: 1 },
  { step: 'loadRows', on: 'add-rows', nth: 3 },
  { step: 'startRun', on: 'read-status', nth: 1 },
  { step: 'startRun', on: 'start-run', nth: 1 },
  { step: 'startRun', on: 'start-run', nth: 2 },
  { step: 'awaitIdle', on: 'read-status', nth: 2 },
  { step: 'collectResults', on: 'read-rows', nth: 3 },
  { step: 'startRun', on: 'start-run', nth: 1, passesBefore: 1 },
  { step: 'publishResults', on: 'read-account', nth: 1 },
];

/** So many rows that a provider which asks back does. */
export const ROWS = 1_100;

/** Those that a run over this provider has. */
export const momentsOf = ({ changes, asksBack }: ProviderCase): Moment[] =>
  MOMENTS.filter(
    ({ on, nth }) =>
      (on.startsWith('read-') || on === 'find-tables' || changes.includes(on)) &&
      (on !== 'start-run' || nth === 1 || asksBack),
  );

/** `startRun, start-run 2`, for people. */
export const nameOf = ({ step, on, nth, passesBefore = 0 }: Moment): string =>
  `${step}${passesBefore > 0 ? ' of a rerun' : ''}, ${on} ${nth}`;

/** Those in which something is changed. */
export const changesOf = (provider: ProviderCase): Moment[] =>
  momentsOf(provider).filter(({ on }) => provider.changes.includes(on));

/** Where it costs most when it goes wrong: the last change that each step of the first pass makes. */
export function lastChanges(provider: ProviderCase): Moment[] {
  const last = new Map<string, Moment>();
  for (const moment of changesOf(provider)) {
    if (moment.passesBefore === undefined) last.set(moment.step, moment);
  }
  return [...last.values()];
}
