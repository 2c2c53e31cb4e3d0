import type { ProviderCase } from '../../support/providers/provider-case.ts';
import type { KillPoint } from './blocking-sandbox.ts';

/** Lists the n-th requests of each kind in a step. */
const within = (
  step: KillPoint['step'],
  ...requests: [KillPoint['on'], ...number[]][]
): KillPoint[] => requests.flatMap(([on, ...all]) => all.map((nth) => ({ step, on, nth })));

/** Requests of every step of a run that uses the API. */
const KILL_POINTS: readonly KillPoint[] = [
  ...within('prepareRows', ['read-account', 1]),
  ...within('ensureTable', ['find-tables', 1], ['create-table', 1], ['create-sheet', 1]),
  ...within('ensureTable', ['create-column', 1, 3]),
  ...within('loadRows', ['add-rows', 1, 3]),
  ...within('startPass', ['read-status', 1], ['start-run', 1, 2]),
  ...within('awaitIdle', ['read-status', 2]),
  ...within('collectResults', ['read-rows', 3]),
  { step: 'startPass', on: 'start-run', nth: 1, passesBefore: 1 },
  ...within('publishResults', ['read-account', 1]),
];

/** Number of rows for which a provider asks for a confirmation. */
export const ROWS = 1_100;

/** Lists the kill points of a run over this provider. */
export const killPointsOf = ({ changes, asksBack }: ProviderCase): KillPoint[] =>
  KILL_POINTS.filter(
    ({ on, nth }) =>
      (on.startsWith('read-') || on === 'find-tables' || changes.includes(on)) &&
      (on !== 'start-run' || nth === 1 || asksBack),
  );

/** `startRun, start-run 2`, for people. */
export const nameOf = ({ step, on, nth, passesBefore = 0 }: KillPoint): string =>
  `${step}${passesBefore > 0 ? ' of a rerun' : ''}, ${on} ${nth}`;

/** Lists the kill points at which something is changed. */
export const changesOf = (provider: ProviderCase): KillPoint[] =>
  killPointsOf(provider).filter(({ on }) => provider.changes.includes(on));

/** Lists the most expensive kill points: the last change that each step of the first pass makes. */
export function lastChanges(provider: ProviderCase): KillPoint[] {
  const last = new Map<string, KillPoint>();
  for (const moment of changesOf(provider)) {
    if (moment.passesBefore === undefined) last.set(moment.step, moment);
  }
  return [...last.values()];
}
