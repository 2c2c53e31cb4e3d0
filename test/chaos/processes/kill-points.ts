import type { ProviderCase } from '../../support/providers/provider-case.ts';
import type { KillPoint } from './blocking-sandbox.ts';

/** Of a step the n-th requests of each kind. */
const within = (
  step: KillPoint['step'],
  ...requests: [KillPoint['on'], ...number[]][]
): KillPoint[] => requests.flatMap(([on, ...all]) => all.map((nth) => ({ step, on, nth })));

/** Of every step of a run, where it talks to the API. */
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

/** So many rows that a provider which asks back does. */
export const ROWS = 1_100;

/** Those that a run over this provider has. */
export const killPointsOf = ({ changes, asksBack }: ProviderCase): KillPoint[] =>
  KILL_POINTS.filter(
    ({ on, nth }) =>
      (on.startsWith('read-') || on === 'find-tables' || changes.includes(on)) &&
      (on !== 'start-run' || nth === 1 || asksBack),
  );

/** `startRun, start-run 2`, for people. */
export const nameOf = ({ step, on, nth, passesBefore = 0 }: KillPoint): string =>
  `${step}${passesBefore > 0 ? ' of a rerun' : ''}, ${on} ${nth}`;

/** Those in which something is changed. */
export const changesOf = (provider: ProviderCase): KillPoint[] =>
  killPointsOf(provider).filter(({ on }) => provider.changes.includes(on));

/** Where it costs most when it goes wrong: the last change that each step of the first pass makes. */
export function lastChanges(provider: ProviderCase): KillPoint[] {
  const last = new Map<string, KillPoint>();
  for (const moment of changesOf(provider)) {
    if (moment.passesBefore === undefined) last.set(moment.step, moment);
  }
  return [...last.values()];
}
