import type { ApiStates } from '../api-states.ts';
import type { Clock } from './clock.ts';
import type { CreditRule, WaveRule } from '../faults/script.ts';
import type { Heap, Timed } from './heap.ts';
import type { IdSeries } from './ids.ts';
import type { Ledger } from './ledger.ts';
import { notFound } from '../http/problem.ts';
import type { Tunable } from '../settings.ts';
import type { Column, Table } from './table.ts';
import type { Oracle } from '../oracle/expected.ts';

/** A cell in progress, and when it comes out. */
export interface Timer extends Timed {
  table: Table;
  column: Column;
  slot: number;
  /** True while queued; left out: completed. */
  queue?: true;
}

/** The whole state of the pretended API. Changed by mutations and by time, nothing else. */
export interface SandboxState extends ApiStates {
  readonly nonce: number;
  readonly oracle: Oracle;
  readonly cellMs: { min: number; max: number } | null;
  readonly tunable: Tunable;
  readonly statusLagMs: number;
  readonly countRequested: boolean;
  readonly clock: Clock;
  readonly ledger: Ledger;
  /** Tables by id, without deleted ones. */
  readonly tables: Map<string, Table>;
  readonly tableIds: IdSeries;
  readonly runIds: IdSeries;
  readonly timers: Heap<Timer>;
  tablesMade: number;
  runsMade: number;
  credits: number;
  /** Cells that were ever paid for. */
  cellsPaid: number;
  creditRules: readonly CreditRule[];
  waveRules: readonly WaveRule[];
  /** Credits that a rule took away, by its name. */
  readonly creditsTaken: Map<string, number>;
  /** API time up to which everything has happened. */
  atMs: number;
  /** Number of planned cells so far; orders equal times. */
  planned: number;
}

/** @throws Problem 404 */
export function tableOf(state: SandboxState, id: string): Table {
  const table = state.tables.get(id);
  if (table === undefined) throw notFound('Table');
  return table;
}

/** Epoch ms of what happens now. */
export const wallMs = (state: SandboxState): number => state.clock.wallMs(state.atMs);

export const iso = (epochMs: number): string => new Date(epochMs).toISOString();
