import fc, { type Arbitrary } from 'fast-check';
import type { ProviderCase } from '../../support/providers/provider-case.ts';
import { chaosScript } from '../simulation/arbitrary.ts';
import { operatorActions } from '../simulation/operator-actions.ts';
import type { NightScript, NightsScript, SourceEdit } from './nights-script.ts';

const HOUR_MS = 3_600_000;

const place = fc.nat({ max: 11 });

const edit: Arbitrary<SourceEdit> = fc.oneof(
  fc.record({ edit: fc.constant('add' as const), rows: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ edit: fc.constant('change' as const), row: place }),
  fc.record({ edit: fc.constant('remove' as const), row: place }),
  fc.constant({ edit: 'return' as const }),
  fc.constant({ edit: 'reverse' as const }),
);

/** Steps of a night, by what may go wrong in them. */
const STEPS = [
  'openNight',
  'changeInputs',
  'changeInputs',
  'matchColumns',
  'matchColumns',
  'startPass',
  'startPass',
  'loadRows',
  'loadRows',
  'ensureTable',
  'collectResults',
  'publishResults',
  'awaitIdle',
  'prepareRows',
  'workflow',
];

const inRun = { rerun: fc.nat({ max: 4 }), nth: fc.integer({ min: 1, max: 3 }) };

const kill = fc.record({
  ...inRun,
  during: fc.constantFrom(...STEPS),
  step: fc.integer({ min: 1, max: 30 }),
  commitsLaterMs: fc.constantFrom(0, 0, 1_000, 9_000),
  downMs: fc.constantFrom(500, 5_000, 40_000, 180_000),
});

const lost = fc.record({ ...inRun, of: fc.constantFrom(...STEPS.slice(0, -1)) });

/** Faults that last: a night without them cannot follow, or the table is incomplete on purpose. */
const LASTING = ['unreadable-rows'];

const night: Arbitrary<Omit<NightScript, 'actions'>> = fc.record({
  afterMs: fc.constantFrom(HOUR_MS, 60_000, 26 * HOUR_MS),
  edits: fc.array(edit, { maxLength: 4 }),
  columns: fc.constantFrom('one', 'two', 'chain', 'reworded'),
  apply: fc.constantFrom(false, false, true),
  full: fc.constantFrom(false, false, false, false, true),
  twinAfterMs: fc.constantFrom(null, null, null, 0, 1_000, 30_000),
});

/** Random nights, with the faults, kills and actions that scripts of one run draw. */
export function nightsScript(provider: ProviderCase): Arbitrary<NightsScript> {
  return fc
    .record({
      base: chaosScript(provider),
      actions: fc.array(operatorActions, { minLength: 4, maxLength: 4 }),
      rows: fc.integer({ min: 1, max: 8 }),
      refresh: fc.record({
        failed: fc.constantFrom('retry' as const, 'retry' as const, 'leave' as const),
        vanished: fc.constantFrom('keep' as const, 'mark' as const),
        ages: fc.boolean(),
      }),
      kills: fc.array(kill, { maxLength: 4 }),
      lost: fc.array(lost, { maxLength: 3 }),
      nights: fc.array(night, { minLength: 2, maxLength: 4 }),
    })
    .map(({ base, actions, rows, refresh, kills, lost, nights }) => {
      const { failRate, seed, statusLagMs, concurrency, cellMs } = base.sandbox;
      const { requests = [], seed: faultSeed } = base.faults;
      const passing = requests.filter(
        (rule) => 'fault' in rule && !LASTING.includes(rule.fault) && !('contains' in rule),
      );
      const { failedPasses, stallAfter, deadline } = base.run;
      return {
        provider: provider.name,
        rows,
        sandbox: { seed, failRate, alwaysFailsRate: 0, statusLagMs, concurrency, cellMs },
        ...(base.api === undefined ? {} : { api: base.api }),
        run: { failedPasses, stallAfter, deadline },
        refresh,
        faults: { ...(faultSeed === undefined ? {} : { seed: faultSeed }), requests: passing },
        kills,
        lost,
        continueAsNewAfterEvents: base.continueAsNewAfterEvents,
        nights: nights.map((one, at) => ({ ...one, actions: actions[at] ?? [] })),
      };
    });
}
