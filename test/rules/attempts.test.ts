import { expect, test } from '@jest/globals';
import { attemptsAfter, wasRerun, type CellAttempts } from '../../src/rules/cells/attempts.ts';
import type { PassKind } from '../../src/rules/passes/passes.ts';

type Seen = Pick<CellAttempts, 'status' | 'inFlight'>;

const FAILED: Seen = { status: 'failed', inFlight: false };
const RUNNING: Seen = { status: 'pending', inFlight: true };
const OPEN: Seen = { status: 'pending', inFlight: false };

/** Returns the attempts of a cell that are known after these scans. */
const after = (...scans: [PassKind, Seen][]): CellAttempts | undefined =>
  scans.reduce<CellAttempts | undefined>(
    (before, [kind, now]) => ({
      ...now,
      attempts: attemptsAfter(kind, before, now),
      rerun: wasRerun(kind, before),
      startable: false,
      waiting: false,
      failedAt: '',
    }),
    undefined,
  );

test('a cell that fails again and again is asked for by each rerun', () => {
  const failed = after(['first', FAILED], ['failed', FAILED], ['failed', FAILED]);
  expect(failed).toMatchObject({ attempts: 3, rerun: true });
});

test('a rerun of newly failed cells asks for no cell that had one', () => {
  const old = after(['first', FAILED], ['failed', FAILED], ['newly-failed', FAILED]);
  expect(old).toMatchObject({ attempts: 2, rerun: true });
  const late = after(['first', RUNNING], ['failed', FAILED]);
  expect(late).toMatchObject({ attempts: 1, rerun: false });
  const asked = after(['first', RUNNING], ['failed', FAILED], ['newly-failed', FAILED]);
  expect(asked).toMatchObject({ attempts: 2, rerun: true });
});

test('a rerun cell stays one, even if it stalls and fails', () => {
  const failed = after(['first', FAILED], ['failed', RUNNING], ['nudge', FAILED]);
  expect(failed).toMatchObject({ attempts: 3, rerun: true });
});

test('a cell that was never asked for has no attempts', () => {
  expect(after(['first', OPEN], ['failed', OPEN])).toMatchObject({ attempts: 0, rerun: false });
});

test('passes for other cells leave a failed one as it is', () => {
  const failed = after(
    ['first', FAILED],
    ['wait', FAILED],
    ['follow-up', FAILED],
    ['nudge', FAILED],
  );
  expect(failed).toMatchObject({ attempts: 1, rerun: false });
});
