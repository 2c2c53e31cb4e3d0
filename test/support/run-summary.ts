import type { RunSummary } from '../../src/contract/run.ts';
import { noCells } from '../../src/rules/cells/outcome.ts';

/** Summary of a completed run of one row, with these changes. */
export const runSummary = (changes: Partial<RunSummary> = {}): RunSummary => ({
  workflowId: 'nightly',
  runId: 'r',
  outcome: 'completed',
  reason: null,
  tableId: 't',
  rows: 1,
  cells: { ...noCells(), done: 1 },
  passes: 1,
  apiCalls: { total: 1, polls: 0 },
  creditsSpent: 1,
  estimatedCredits: 0,
  balanceChange: null,
  usage: null,
  results: [],
  quarantine: null,
  manifest: null,
  stillRunning: null,
  previousRun: null,
  ...changes,
});
