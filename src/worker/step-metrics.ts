import { Counter, Gauge, Histogram, type Registry } from '@prometheus-io/client';
import type { MetricEvent } from '../../activities/runtime/metric-events.ts';
import { OUTCOMES } from '../contract/outcome.ts';
import { PROVIDER_NAMES } from '../providers/catalog.ts';
import { ERRORS } from '../errors.ts';
import { CELL_OUTCOMES } from '../rules/cells/outcome.ts';

const SLICE_ENDS = ['idle', 'stalled', 'deadline', 'slice', 'stopped'] as const;
const AWAITED = ['cells', 'account'] as const;

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const RUN_SECONDS = [1, 5, 15, 30]
  .map((n) => n * MINUTE)
  .concat([1, 2, 4, 8, 16, 24].map((n) => n * HOUR));
const LATE_SECONDS = [0.1, 0.5, 1, 2.5, 5, 10, 30, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE];

/**
 * Counts runs, cells and money as the steps report them. A step repeated after a lost result counts
 * again: good for rates and alarms, not for accounting, which is in each run's manifest.
 */
export function stepMetrics(registry: Registry): (event: MetricEvent) => void {
  const counter = <L extends string>(name: string, help: string, ...labelNames: L[]): Counter<L> =>
    new Counter({ name, help, labelNames, registers: [registry] });

  const started = counter('rowmill_runs_started_total', 'Runs whose rows are frozen.', 'provider');
  const ended = counter('rowmill_runs_ended_total', 'Runs that published.', 'provider', 'outcome');
  const cells = counter('rowmill_cells_total', 'Cells of ended runs.', 'provider', 'outcome');
  const passes = counter('rowmill_passes_started_total', 'Runs of a table.', 'provider', 'mode');
  const slices = counter('rowmill_wait_slices_total', 'Waits for cells.', 'provider', 'end');
  const failures = counter('rowmill_step_failures_total', 'Failed attempts of steps.', 'code');
  const spent = counter(
    'rowmill_account_credits_spent_total',
    'Decrease of the account balance between two readings, by any program.',
    'provider',
  );
  const balance = new Gauge({
    name: 'rowmill_account_credits',
    help: 'The balance of the account when it was last read.',
    labelNames: ['provider'],
    registers: [registry],
  });
  const waiting = new Gauge({
    name: 'rowmill_waiting_runs',
    help: 'Runs that this worker waits for: for cells, or for the account to be usable again.',
    labelNames: ['provider', 'for'],
    registers: [registry],
  });
  const duration = new Histogram({
    name: 'rowmill_run_duration_seconds',
    help: 'From the start of a run to its results.',
    labelNames: ['provider'],
    buckets: RUN_SECONDS,
    registers: [registry],
  });
  const late = new Histogram({
    name: 'rowmill_poll_lag_seconds',
    help: 'From when a reading of the progress was due to when it was there.',
    labelNames: ['provider'],
    buckets: LATE_SECONDS,
    registers: [registry],
  });

  // Initialized with 0: a counter whose first value is 1 never shows an increase.
  for (const provider of PROVIDER_NAMES) {
    started.inc({ provider }, 0);
    spent.inc({ provider }, 0);
    for (const outcome of OUTCOMES) ended.inc({ provider, outcome }, 0);
    for (const outcome of CELL_OUTCOMES) cells.inc({ provider, outcome }, 0);
    for (const end of SLICE_ENDS) slices.inc({ provider, end }, 0);
    for (const awaited of AWAITED) waiting.set({ provider, for: awaited }, 0);
  }

  // Every code, for the same reason.
  for (const code of Object.keys(ERRORS)) failures.inc({ code }, 0);

  const meters = new Map<string, ReturnType<typeof createSpendMeter>>(
    PROVIDER_NAMES.map((provider) => [provider, createSpendMeter()]),
  );
  return (event) => {
    switch (event.type) {
      case 'run started':
        started.inc({ provider: event.provider });
        return;
      case 'pass started':
        passes.inc({ provider: event.provider, mode: event.mode });
        return;
      case 'wait began':
        waiting.inc({ provider: event.provider, for: event.for });
        return;
      case 'wait ended':
        waiting.dec({ provider: event.provider, for: event.for });
        return;
      case 'polled':
        late.observe({ provider: event.provider }, event.lateMs / 1_000);
        return;
      case 'slice ended':
        slices.inc({ provider: event.provider, end: event.end });
        return;
      case 'credits read':
        balance.set({ provider: event.provider }, event.credits);
        spent.inc({ provider: event.provider }, meters.get(event.provider)?.(event) ?? 0);
        return;
      case 'run ended': {
        const { provider } = event;
        ended.inc({ provider, outcome: event.outcome });
        duration.observe({ provider }, event.tookMs / 1_000);
        for (const outcome of CELL_OUTCOMES) cells.inc({ provider, outcome }, event.cells[outcome]);
        return;
      }
      case 'step failed':
        failures.inc({ code: event.code });
        return;
      default:
        event satisfies never;
    }
  };
}

/** Reading of an account's balance, made at some time between the two. */
export interface BalanceLook {
  credits: number;
  askedAtMs: number;
  readAtMs: number;
}

/**
 * Creates a meter of an account's losses between readings, by any run. Adding the differences of
 * each run would count the spend of concurrent runs several times. Top-ups are ignored.
 */
function createSpendMeter(): (look: BalanceLook) => number {
  let last: BalanceLook | null = null;
  return (look) => {
    // Requested before the last reading arrived: which of the two is older is unknown.
    if (last !== null && look.askedAtMs < last.readAtMs) return 0;
    const spent = last === null ? 0 : Math.max(0, last.credits - look.credits);
    last = look;
    return spent;
  };
}
