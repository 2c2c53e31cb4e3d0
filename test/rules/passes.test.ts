import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { RunPolicy } from '../../src/contract/pipeline.ts';
import type { CellCounts, ScanResult } from '../../src/contract/results.ts';
import {
  isRerun,
  recordPass,
  nextPass,
  planNextPass,
  type PassKind,
  type PassHistory,
} from '../../src/rules/passes/passes.ts';

const POLICY: RunPolicy = {
  mode: 'new',
  failedPasses: 2,
  tolerateFailed: 0,
  deadlineMs: 3_600_000,
  stallAfterMs: 1_800_000,
  minPollIntervalMs: 2_000,
  maxPollIntervalMs: 120_000,
};

type Found = Partial<
  CellCounts & Pick<ScanResult, 'inFlight' | 'startable' | 'repaired' | 'neverRerun'>
>;

const found = ({
  inFlight = 0,
  startable = 0,
  repaired = 0,
  neverRerun = 0,
  ...cells
}: Found): ScanResult => ({
  scan: 1,
  rows: 100,
  cells: { done: 0, empty: 0, failed: 0, blocked: 0, pending: 0, ...cells },
  byColumn: {},
  inFlight,
  startable,
  repaired,
  neverRerun,
  waiting: 0,
  untouched: 0,
  due: startable,
  automatic: { done: 0, failed: 0 },
  behindAutomatic: 0,
});

/** The log after these scans; each pass but the first is the one the rules asked for. */
function run(...scans: readonly [Found, ...Found[]]): {
  kinds: PassKind[];
  next: PassKind | null;
} {
  let log: PassHistory | null = null;
  let before: ScanResult | null = null;
  let kind: PassKind | null = 'first';
  const kinds: PassKind[] = [];
  for (const scan of scans) {
    if (kind === null) break;
    kinds.push(kind);
    const now = found(scan);
    log = recordPass(log, kind, 'idle', before, now);
    kind = nextPass(now, log, POLICY);
    before = now;
  }
  return { kinds, next: kind };
}

describe('what follows a pass', () => {
  test('nothing, when every cell has an answer', () => {
    expect(run({ done: 90, empty: 10 }).next).toBeNull();
  });

  test('failed cells are run again, as often as the pipeline says', () => {
    const { kinds, next } = run(
      { done: 90, failed: 10 },
      { done: 95, failed: 5, repaired: 5 },
      { done: 96, failed: 4, repaired: 1 },
    );
    expect(kinds).toEqual(['first', 'failed', 'failed']);
    expect(next).toBeNull();
  });

  test('a rerun that repaired nothing is the last one', () => {
    const { kinds, next } = run({ done: 90, failed: 10 }, { done: 90, failed: 10, repaired: 0 });
    expect(kinds).toEqual(['first', 'failed']);
    expect(next).toBeNull();
  });

  test('a cell stalled after its rerun is not repaired before it has an answer', () => {
    const hanging = { done: 98, failed: 1, pending: 1, inFlight: 1 };
    const stuckRun = run({ done: 98, failed: 2 }, hanging, hanging, hanging, hanging);
    expect(stuckRun.kinds).toEqual(['first', 'failed', 'wait', 'wait', 'nudge']);
    expect(stuckRun.next).toBeNull();
    const answered = { done: 99, failed: 1, repaired: 1 };
    const late = run({ done: 98, failed: 2 }, hanging, hanging, hanging, answered);
    expect(late.next).toBe('failed');
  });

  test('after a rerun without repairs, only newly failed cells are rerun', () => {
    const { kinds, next } = run(
      { done: 80, failed: 10, pending: 10, neverRerun: 10 },
      { done: 85, failed: 15, repaired: 0, neverRerun: 5 },
      { done: 87, failed: 13, repaired: 0 },
    );
    expect(kinds).toEqual(['first', 'failed', 'newly-failed']);
    expect(next).toBeNull();
  });

  test('cells stalled when the last rerun was decided get one rerun of their own', () => {
    const policy = { ...POLICY, failedPasses: 1 };
    const stalled = found({ done: 60, failed: 1, pending: 39, inFlight: 39, neverRerun: 1 });
    const revived = found({ done: 90, failed: 10, repaired: 1, neverRerun: 9 });
    const log = recordPass(null, 'failed', 'idle', stalled, revived);
    expect(nextPass(revived, log, policy)).toBe('newly-failed');
    // A pass that the operator asked for.
    expect(nextPass(revived, log, { ...policy, failedPasses: 0 })).toBe('newly-failed');
    const last = recordPass(log, 'newly-failed', 'idle', revived, revived);
    expect(nextPass(revived, last, policy)).toBeNull();
    const complete = recordPass(null, 'failed', 'idle', revived, revived);
    expect(nextPass(revived, complete, policy)).toBeNull();
  });

  test('cells that could start only after a repair are asked for', () => {
    const { next } = run(
      { done: 80, failed: 10, blocked: 10 },
      { done: 90, pending: 10, startable: 10 },
    );
    expect(next).toBe('follow-up');
  });

  test('cells in flight after an idle status are waited for, then nudged once, then given up', () => {
    const hanging = { done: 90, pending: 10, inFlight: 10 };
    const { kinds, next } = run(hanging, hanging, hanging, hanging, hanging);
    expect(kinds).toEqual(['first', 'wait', 'wait', 'nudge']);
    expect(next).toBeNull();
  });

  test('a stalled cell that was requested late gets its nudge', () => {
    const late = { done: 90, pending: 10, startable: 10 };
    const hanging = { done: 90, pending: 10, inFlight: 10 };
    const { kinds } = run({ done: 80, failed: 20 }, late, hanging, hanging, hanging, hanging);
    expect(kinds).toEqual(['first', 'failed', 'follow-up', 'wait', 'wait', 'nudge']);
  });

  test('cells that do not start when they are asked for are given up', () => {
    const never = { done: 90, pending: 10, startable: 10 };
    const { kinds, next } = run(never, never, never);
    expect(kinds).toEqual(['first', 'follow-up']);
    expect(next).toBeNull();
  });

  test('a stall is nudged at once: waiting has been done', () => {
    const stalled = found({ done: 90, pending: 10, inFlight: 10 });
    const log = recordPass(null, 'first', 'stalled', null, stalled);
    expect(nextPass(stalled, log, POLICY)).toBe('nudge');
  });

  test('cells that were asked for and have not begun are waited for, nudged, then given up', () => {
    const late = { ...found({ done: 10, pending: 10, startable: 10 }), waiting: 10, due: 0 };
    const idle = recordPass(null, 'first', 'idle', null, late);
    expect(nextPass(late, idle, POLICY)).toBe('wait');
    const stalled = recordPass(idle, 'wait', 'stalled', late, late);
    expect(nextPass(late, stalled, POLICY)).toBe('nudge');
    const nudged = recordPass(stalled, 'nudge', 'stalled', late, late);
    expect(nextPass(late, nudged, POLICY)).toBeNull();
  });

  test('they are asked for at once where the account has no credits: the refusal says so', () => {
    const late = { ...found({ done: 10, pending: 10 }), waiting: 10, due: 0 };
    const log = recordPass(null, 'first', 'idle', null, late);
    expect(nextPass({ ...late, outOfCredits: true }, log, POLICY)).toBe('nudge');
  });

  test('what waits for a column that the provider adds by itself is nudged more often', () => {
    const behind = {
      ...found({ done: 10, pending: 10, inFlight: 10 }),
      waiting: 0,
      due: 0,
      behindAutomatic: 10,
    };
    let log = recordPass(null, 'first', 'stalled', null, behind);
    const kinds: (PassKind | null)[] = [];
    for (let next = nextPass(behind, log, POLICY); ; next = nextPass(behind, log, POLICY)) {
      kinds.push(next);
      if (next === null) break;
      log = recordPass(log, next, 'stalled', behind, behind);
    }
    expect(kinds).toEqual(['nudge', 'nudge', 'nudge', null]);
  });

  test('a rerun that never shows is sent again after a stall', () => {
    const untouched = { ...found({ done: 10, failed: 10 }), waiting: 0, untouched: 10, due: 0 };
    const first = recordPass(null, 'first', 'idle', null, found({ done: 10, failed: 10 }));
    const rerun = recordPass(first, 'failed', 'idle', untouched, untouched);
    expect(nextPass(untouched, rerun, POLICY)).toBe('wait');
    const stalled = recordPass(rerun, 'wait', 'stalled', untouched, untouched);
    expect(nextPass(untouched, stalled, POLICY)).toBe('failed');
  });

  test('nothing, once the deadline is reached', () => {
    const scan = found({ done: 90, failed: 10 });
    const log = recordPass(null, 'first', 'deadline', null, scan);
    expect(nextPass(scan, log, POLICY)).toBeNull();
  });
});

test('a run ends, whatever its scans find', () => {
  const CELLS = 60;
  const scans = fc.infiniteStream(
    fc.record({
      repaired: fc.nat(3),
      failed: fc.nat(CELLS),
      inFlight: fc.nat(CELLS),
      startable: fc.nat(CELLS),
      neverRerun: fc.nat(CELLS),
      end: fc.constantFrom('idle' as const, 'stalled' as const),
    }),
  );
  fc.assert(
    fc.property(scans, fc.nat(5), (stream, failedPasses) => {
      const policy = { ...POLICY, failedPasses };
      let log: PassHistory | null = null;
      let before: ScanResult | null = null;
      let kind: PassKind | null = 'first';
      let done = 0;
      let passes = 0;
      let reruns = 0;
      for (const step of stream) {
        if (kind === null) break;
        done = Math.min(CELLS, done + step.repaired);
        const open = CELLS - done;
        const failed = Math.min(open, step.failed);
        const pending = open - failed;
        const inFlight = Math.min(pending, step.inFlight);
        const now = found({
          done,
          failed,
          pending,
          inFlight,
          startable: Math.min(pending - inFlight, step.startable),
          repaired: step.repaired,
          neverRerun: Math.min(failed, step.neverRerun),
        });
        passes += 1;
        reruns += isRerun(kind) ? 1 : 0;
        log = recordPass(log, kind, step.end, before, now);
        before = now;
        kind = nextPass(now, log, policy);
        // Every pass without progress uses up one of two waits, a nudge, a follow-up or a rerun.
        expect(passes).toBeLessThan((CELLS + 2) * 5 + failedPasses);
      }
      // One more for cells that were stalled at the last one.
      expect(reruns).toBeLessThanOrEqual(failedPasses + Math.min(1, failedPasses));
    }),
  );
});

describe('what is due beside the policy', () => {
  const policy = { ...POLICY, failedPasses: 0 };
  const plan = (
    table: Found,
    due: { firstPassPending?: boolean; rerunRequested?: boolean },
    limits: { mayPay?: boolean; policy?: RunPolicy } = {},
  ) => {
    const now = found(table);
    const log = recordPass(null, 'wait', 'idle', null, now);
    return planNextPass(
      now,
      log,
      { firstPassPending: false, rerunRequested: false, ...due },
      { policy, mayPay: true, ...limits },
    );
  };

  test('one more pass that was asked for comes once, behind those of the policy', () => {
    const table = { done: 90, failed: 10 };
    expect(plan(table, { rerunRequested: true }, { policy: POLICY })).toEqual({
      pass: 'failed',
      firstPassPending: false,
      rerunRequested: true,
    });
    expect(plan(table, { rerunRequested: true })).toEqual({
      pass: 'failed',
      firstPassPending: false,
      rerunRequested: false,
    });
    expect(plan(table, {}).pass).toBeNull();
  });

  test('without failed cells it stays asked for', () => {
    expect(plan({ done: 100 }, { rerunRequested: true })).toEqual({
      pass: null,
      firstPassPending: false,
      rerunRequested: true,
    });
  });

  test('a first pass comes before a requested rerun', () => {
    const due = { firstPassPending: true, rerunRequested: true };
    expect(plan({ done: 1, failed: 1, pending: 98 }, due)).toEqual({
      pass: 'first',
      firstPassPending: false,
      rerunRequested: true,
    });
    expect(plan({ done: 100 }, due)).toEqual({ pass: null, ...due });
  });

  test('no paid pass is planned where nothing may be paid', () => {
    expect(plan({ done: 90, failed: 10 }, { rerunRequested: true }, { mayPay: false })).toEqual({
      pass: null,
      firstPassPending: false,
      rerunRequested: false,
    });
  });

  test('a wait is planned where nothing may be paid', () => {
    expect(plan({ done: 90, pending: 10, inFlight: 10 }, {}, { mayPay: false }).pass).toBe('wait');
  });
});
