import fc, { type Arbitrary } from 'fast-check';
import type { Action, Rerun } from './script.ts';

const moment = fc.oneof(
  fc.integer({ min: 0, max: 10_000 }),
  fc.integer({ min: 0, max: 1_800_000 }),
);

const action = (...names: string[]): Arbitrary<Action> =>
  fc.record({ atMs: moment, do: fc.constantFrom(...names) });

/** Mostly an operator resumes it. */
const pause: Arbitrary<Action[]> = fc
  .tuple(moment, fc.constantFrom(1_000, 40_000, 1_200_000, null))
  .map(([atMs, forMs]) => [
    { atMs, do: 'pause' },
    ...(forMs === null ? [] : [{ atMs: atMs + forMs, do: 'resume' }]),
  ]);

const adjust: Arbitrary<Action> = fc.record({
  atMs: moment,
  do: fc.constant('adjust'),
  with: fc.oneof(
    fc.record({ deadline: fc.constantFrom('12h', '1h', '5m', '30s') }),
    fc.record({ maxPollInterval: fc.constantFrom('60s', '15s', '10m', '1s') }),
  ),
});

/** Moves the clock by a minute or some hours, either way, or puts it right. */
const clock: Arbitrary<Action> = fc.record({
  atMs: moment,
  do: fc.constant('clock'),
  with: fc.record({ aheadMs: fc.constantFrom(0, 70_000, -70_000, 9_000_000, -9_000_000) }),
});

/** Mostly an operator makes room, or it can be written again. */
const disk: Arbitrary<Action[]> = fc
  .tuple(
    moment,
    fc.constantFrom('full' as const, 'read-only' as const),
    fc.constantFrom(1_000, 40_000, 1_200_000, null),
  )
  .map(([atMs, state, forMs]) => [
    { atMs, do: 'disk', with: { disk: state } },
    ...(forMs === null
      ? []
      : [{ atMs: atMs + forMs, do: 'disk', with: { disk: 'fine' as const } }]),
  ]);

const control: Arbitrary<Action[]> = fc.oneof(
  pause,
  disk,
  fc.oneof(action('rerunFailed'), adjust, clock).map((one) => [one]),
);

/** Actions of operators on a run; two in three runs are not cancelled. */
export const operatorActions: Arbitrary<Action[]> = fc
  .tuple(
    fc.array(action('query', 'deploy', 'resume', 'top up', 'approve'), { maxLength: 4 }),
    fc.array(control, { maxLength: 3 }),
    fc.array(action('cancel', 'cancel', 'terminate'), { maxLength: 1 }),
    fc.constantFrom(true, true, false),
  )
  .map(([some, controls, cancel, spare]) => [
    ...some,
    ...controls.flat(),
    ...(spare ? [] : cancel),
  ]);

/** Clients request a rerun when it has ended, at once or much later; perhaps two of them. */
const rerun: Arbitrary<Rerun> = fc.record({
  afterMs: fc.constantFrom(3_600_000, 90_000, 15_000, 1_000),
  alsoAfterMs: fc.constantFrom(null, null, 0, 5, 20_000, 1_800_000),
  approved: fc.boolean(),
  expires: fc.constantFrom(null, null, 'before' as const, 'meanwhile' as const),
  actions: operatorActions,
});

/** Every second run is. */
export const reruns: Arbitrary<Rerun[]> = fc.oneof(
  fc.constant<Rerun[]>([]),
  fc.array(rerun, { minLength: 1, maxLength: 2 }),
);
