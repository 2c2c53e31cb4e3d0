import type { ApiOptions } from './api-states.ts';
import type { CompanyFact } from './oracle/facts.ts';
import type { FaultScript } from './faults/script.ts';
import type { Intercept } from './http/intercept.ts';

/** Tokens: one for every API, or by the name of each (`APIS`). */
export type Tokens = string | Readonly<Record<string, string>>;

export interface SandboxOptions extends ApiOptions {
  /** @default '127.0.0.1' */
  host?: string;
  /** @default 0, any free port */
  port?: number;
  /** Accepted tokens. */
  token: Tokens;
  /** Answers, durations and failures follow from it. @default 1 */
  seed?: number;
  /** API milliseconds in one real millisecond. @default 1 */
  speed?: number;
  /** Credits of the account at the first start. @default 1_000_000 */
  credits?: number;
  /** Known companies, or a CSV file of them. @default the list that comes with the package */
  facts?: readonly CompanyFact[] | string;
  /** Share of cells that fail on the first try and succeed when run again. @default 0.04 */
  failRate?: number;
  /** Share of cells that never succeed. @default 0.004 */
  alwaysFailsRate?: number;
  /** Real ms after a run in which the status is still the one before it. @default 300 */
  statusLagMs?: number;
  /** API ms a paid cell takes. @default by agent type, 60 to 180 s for research_pro */
  cellMs?: { min: number; max: number };
  /** Paid cells of one table in progress at once. @default 50 */
  concurrency?: number;
  /** Counts `requested` cells in num_cells_in_progress (unknown of the API). @default true */
  countRequested?: boolean;
  /** Every payment and every change of rows and tables, one JSON line each. */
  ledgerFile?: string;
  /** State file, from which a restart continues. @default in memory only */
  stateFile?: string;
  /** Faults (docs/reference/fault-scripts.md): a script, or a YAML or JSON file of one. */
  faults?: FaultScript | string;
  /** Hook for faults that no script describes; called before the script. */
  intercept?: Intercept;
  /** Monotonic real ms; tests turn this clock by hand. @default performance.now */
  realMs?: () => number;
}

/** Fixed settings of a state file, on which past answers depend. */
export interface Fixed {
  seed: number;
  failRate: number;
  alwaysFailsRate: number;
  cellMs: { min: number; max: number } | null;
  factsDigest: number;
}

/** Settings that may change between starts. */
export interface Tunable {
  speed: number;
  concurrency: number;
}
