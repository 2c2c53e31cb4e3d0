import type { ReportFacts } from '../../src/report/facts.ts';
import { noCells } from '../../src/rules/cells/outcome.ts';
import { runSummary } from '../support/run-summary.ts';

const START_MS = Date.parse('2026-01-31T02:30:00Z');

/** Facts of a run over 503 companies, with these changes. */
export const reportFacts = (changes: Partial<ReportFacts> = {}): ReportFacts => ({
  pipeline: 'sp500-profile',
  provider: 'extruct',
  tableUrl: 'https://app.example.test/tables/t',
  summary: runSummary({
    workflowId: 'sp500-profile-20260131-023000',
    outcome: 'partial',
    reason: '12 of 1,509 cells have no answer',
    rows: 503,
    cells: { ...noCells(), done: 1_490, empty: 7, failed: 9, blocked: 3 },
    passes: 2,
    creditsSpent: 1_560,
    estimatedCredits: 1_509,
    quarantine: { path: '/out/sp500.quarantine.jsonl', cells: 19 },
    expectations: [
      { column: 'sector', rule: 'filled', wanted: 0.95, found: 0.99, met: true },
      { column: 'employees', rule: 'min', wanted: 1, found: 0.975, met: false },
    ],
    changes: {
      path: '/out/sp500.changes.jsonl',
      new: 3,
      changed: 11,
      vanished: 1,
      lost: 0,
      since: 'sp500-profile-20260130-023000',
    },
  }),
  startedAt: '2026-01-31T02:30:00.000Z',
  finishedAt: '2026-01-31T03:12:00.000Z',
  byColumn: {
    sector: { ...noCells(), done: 503 },
    employees: { ...noCells(), done: 487, empty: 7, failed: 9 },
    profile: { ...noCells(), done: 500, blocked: 3 },
  },
  readings: Array.from({ length: 60 }, (_, at) => ({
    atMs: START_MS + at * 40_000,
    total: 1_509,
    done: Math.round(1_490 * (1 - 0.93 ** at)),
    inProgress: Math.max(0, 50 - at),
    failed: Math.floor(at / 4),
  })),
  passes: [
    {
      pass: 1,
      kind: 'first',
      at: '2026-01-31T02:31:00.000Z',
      cells: 1_509,
      credits: 1_509,
      repaired: 0,
    },
    {
      pass: 2,
      kind: 'failed',
      at: '2026-01-31T03:01:00.000Z',
      cells: 51,
      credits: 51,
      repaired: 39,
    },
  ],
  runs: Array.from({ length: 14 }, (_, at) => ({
    workflowId: `sp500-profile-night-${at}`,
    firstRunId: `r${at}`,
    startedAt: new Date(START_MS - (13 - at) * 86_400_000).toISOString(),
    outcome: at % 5 === 3 ? 'partial' : 'completed',
    filled: 0.9 + at / 200,
    credits: at === 0 ? 1_509 : 40 + at * 9,
  })),
  reasons: [{ reason: 'failed after 3 attempts: the provider does not say why', cells: 9 }],
  otherReasons: 2,
  changes: [
    {
      key: 'MMM',
      change: 'changed',
      columns: { sector: { from: 'Health', to: 'Industrials' } },
      at: '',
    },
  ],
  columns: ['sector', 'employees'],
  sample: Array.from({ length: 20 }, (_, at) => ({
    key: `S${at}`,
    cells: {
      sector: {
        status: 'done',
        text: 'Industrials',
        sources: [{ text: 'example.test/3m', url: 'https://example.test/3m' }],
      },
      employees: { status: at === 3 ? 'failed' : 'done', text: '61500', sources: [] },
    },
  })),
  ...changes,
});

/** Facts of a run over 100,000 rows and 500 columns, every text as long and as odd as facts allow. */
export function hugeFacts(): ReportFacts {
  const long = (letters: number): string => `<"&'>`.repeat(letters / 5);
  const columns = Array.from({ length: 500 }, (_, at) => `${at} ${long(2_000)}`);
  const shown = columns.slice(0, 20);
  const cell = {
    status: 'done' as const,
    text: long(300),
    sources: Array.from({ length: 3 }, () => ({
      text: long(80),
      url: `https://x.test/${long(300)}`,
    })),
  };
  const facts = reportFacts();
  return reportFacts({
    summary: runSummary({
      ...facts.summary,
      rows: 100_000,
      cells: { ...noCells(), done: 49_000_000, failed: 1_000_000 },
      reason: long(100_000),
      sourceWarnings: Array.from({ length: 1_000 }, () => long(5_000)),
      approvals: Array.from({ length: 500 }, () => ({
        credits: 1,
        cells: null,
        how: 'update' as const,
        by: long(5_000),
        atMs: 0,
      })),
      expectations: columns.map((column) => ({
        column,
        rule: 'filled' as const,
        wanted: 1,
        found: 0.5,
        met: false,
      })),
    }),
    byColumn: Object.fromEntries(
      columns.map((column) => [column, { ...noCells(), done: 98_000, failed: 2_000 }]),
    ),
    readings: Array.from({ length: 500 }, (_, at) => ({
      atMs: START_MS + at * 60_000,
      total: 50_000_000,
      done: at * 98_000,
      inProgress: 1_000,
      failed: at * 2_000,
    })),
    reasons: Array.from({ length: 20 }, () => ({ reason: long(5_000), cells: 50_000 })),
    changes: Array.from({ length: 10 }, () => ({
      key: long(5_000),
      change: 'changed' as const,
      columns: Object.fromEntries(
        shown.map((column) => [column, { from: long(5_000), to: long(5_000) }]),
      ),
      at: '',
    })),
    columns: shown,
    sample: Array.from({ length: 20 }, () => ({
      key: long(5_000),
      cells: Object.fromEntries(shown.map((column) => [column, cell])),
    })),
  });
}
