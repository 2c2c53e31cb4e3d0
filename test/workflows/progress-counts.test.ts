import { expect, test } from '@jest/globals';
import type { Pipeline } from '../../src/contract/pipeline.ts';
import type { ScanResult } from '../../src/contract/results.ts';
import type { Column } from '../../src/contract/table.ts';
import { startTracking, recordReading } from '../../src/rules/passes/tracking.ts';
import { progressOf } from '../../workflows/view/progress.ts';
import type { RunState } from '../../workflows/run-state.ts';

const column = (key: string, input: boolean): Column => ({
  id: key,
  key,
  name: key,
  input,
  ours: !input,
  dependsOn: [],
});

/** 10 rows; one column is ours, one the table makes by itself. */
const columns = [column('input', true), column('company_name', false), column('sector', false)];
const cells = { done: 7, empty: 1, failed: 2, blocked: 0, pending: 0 };
const lastScan: ScanResult = {
  scan: 1,
  rows: 10,
  cells,
  byColumn: { sector: cells },
  inFlight: 0,
  startable: 0,
  repaired: 0,
  neverRerun: 0,
  waiting: 0,
  untouched: 0,
  due: 0,
  automatic: { done: 0, failed: 0 },
  behindAutomatic: 0,
};

const snapshot = { digest: 'sha256:0', rows: 10, bytes: 1 };
const state: RunState = {
  startedAtMs: 0,
  deadlineAtMs: 1,
  stage: 'rerunning failed cells',
  approved: false,
  pendingApproval: null,
  mustApproveMore: false,
  tableMayHaveDuplicates: false,
  chain: 'r',
  approvals: [],
  prepared: {
    snapshot,
    paidCellsPerRow: 1,
    weights: {},
    spend: { creditsPerCell: 1 },
    ceiling: {},
    openCells: null,
    folder: '/f',
    credits: null,
    searchAttributes: true,
    calls: { total: 0, polls: 0 },
  },
  table: { id: 't', url: null, columns },
  loaded: null,
  nextPass: 'failed',
  activePass: null,
  passHistory: null,
  passes: 1,
  lastScan,
  doneCells: 18,
  calls: { total: 0, polls: 0 },
  confirmed: { requests: 0, cells: 0 },
  unitsRequested: 0,
  asked: {},
  problem: null,
  reason: null,
  shown: '',
  pause: null,
  rerunRequested: false,
  firstPassPending: false,
  maxPollIntervalMs: 1,
  balance: null,
  notified: [],
  passUnsent: false,
  paidRequestSent: true,
  cellsCancelled: 0,
  cellsCancelledIsMinimum: false,
  finishing: false,
};

const pipeline: Pipeline = {
  name: 'p',
  provider: 'extruct',
  table: { tags: [], columns: [] },
  rows: { source: { type: 'inline', rows: [] }, key: 'k', map: {} },
  run: {
    mode: 'new',
    failedPasses: 2,
    tolerateFailed: 0,
    deadlineMs: 1,
    stallAfterMs: 1,
    minPollIntervalMs: 1,
    maxPollIntervalMs: 1,
  },
  spend: { creditsPerCell: 1 },
  results: [],
};

const countsOf = (changes: Partial<RunState>) =>
  progressOf({ pipeline, state: { ...state, ...changes }, outcome: null }).cells;

test('between two passes nothing that was done seems lost', () => {
  expect(countsOf({})).toEqual({ total: 20, done: 18, inProgress: 0, failed: 2 });
});

test.each([
  ['that does not count failed cells: those of the last scan may be done by now', null],
  ['that counts failed cells', 1],
])('in a pass the counts are those of the provider, %s', (_what, cellsFailed) => {
  const reading = {
    rows: 10,
    running: true,
    cellsTotal: 20,
    cellsDone: 19,
    cellsInProgress: 1,
    cellsFailed,
  };
  const start = { doneAtStart: 18, requestedCells: 2, requireProgress: false };
  const begun = startTracking(start, 0);
  const tableRun = { operations: [], requestedCells: 2 };
  const activePass = { kind: 'failed' as const, tableRun, tracking: begun, end: null };
  expect(countsOf({ activePass })).toEqual({ total: 20, done: 18, inProgress: 0, failed: null });
  activePass.tracking = recordReading(begun, reading, 1);
  expect(countsOf({ activePass })).toEqual({
    total: 20,
    done: 19,
    inProgress: 1,
    failed: cellsFailed,
  });
});

test('at the end they are those of the results', () => {
  for (const stage of ['publishing results', 'finished'] as const) {
    expect(countsOf({ stage })).toEqual({ total: 10, done: 8, inProgress: 0, failed: 2 });
  }
});
