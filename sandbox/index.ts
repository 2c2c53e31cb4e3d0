import { appendFileSync, closeSync, openSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { LedgerReport } from './engine/ledger-report.ts';
import type { TableKind } from './engine/column-config.ts';
import { SandboxCore } from './engine/core.ts';
import { Faults } from './faults/faults.ts';
import { readScript } from './faults/read-script.ts';
import type { Script } from './faults/script.ts';
import type { Intercept } from './http/intercept.ts';
import type { JsonObject } from './json.ts';
import { createServer } from './http/server.ts';
import type { SandboxOptions } from './settings.ts';
import { expectedResult, type Expected } from './oracle/expected.ts';
import type { SandboxState } from './engine/state.ts';

export { readFacts, FactBook, type CompanyFact } from './oracle/facts.ts';
export { expectedResult, type Oracle, type Expected } from './oracle/expected.ts';
export { FaultScriptError, parseScript, readScript } from './faults/read-script.ts';
export type { FaultScript, Script } from './faults/script.ts';
export type { Action, Intercept, Outgoing, Seen } from './http/intercept.ts';
export type { LedgerReport, CellAccount, LedgerSummary } from './engine/ledger-report.ts';
export type { ColumnConfig, TableKind } from './engine/column-config.ts';
export type { RequestCounts, RunAccount, TableAccount } from './engine/ledger.ts';
export type { SandboxOptions } from './settings.ts';
export type * from './extruct/wire.ts';

export interface Sandbox {
  /** Base URL for a client, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  readonly ledger: LedgerReport;
  /** Number of hits of each fault rule since the start, by its name. */
  readonly faults: { readonly hits: Readonly<Record<string, number>> };
  /** Read-only state for tests. */
  readonly state: SandboxState;
  /**
   * Predicts the end of a cell from the same seed, rates and facts; `columns` = the table's
   * configs.
   */
  truth(
    kind: TableKind,
    input: string | JsonObject,
    column: object,
    columns?: readonly object[],
  ): Expected;
  close(): Promise<void>;
}

/**
 * Time between two updates in ms. Cells advance at requests; this bounds the backlog without any.
 */
const CATCH_UP_EVERY_MS = 250;

const KEEP_REQUESTS_EVERY_MS = 5_000;

/** The sandbox without a port and without timers of its own. */
export interface EmbeddedSandbox extends Pick<Sandbox, 'ledger' | 'faults' | 'state' | 'truth'> {
  readonly core: SandboxCore;
  readonly intercept: Intercept | undefined;
  /** Delays in progress end. */
  cancelDelays(): void;
  close(): void;
}

/** Opens a sandbox for simulations, with their own network and time. Throws as `startSandbox`. */
export async function openEmbeddedSandbox(options: SandboxOptions): Promise<EmbeddedSandbox> {
  const script = options.faults === undefined ? null : await readScript(options.faults);
  const core = await SandboxCore.create(options);
  const report = new LedgerReport(core);
  const faults = installFaults(core, script);
  const closeLedger = listen(core, options.ledgerFile);
  return {
    core,
    intercept: inTurn(options.intercept, faults?.intercept),
    ledger: report,
    faults: {
      get hits() {
        return report.faultHits();
      },
    },
    state: core.state,
    truth: (kind, input, column, columns) =>
      expectedResult(core.state.oracle, kind, input, column, columns),
    cancelDelays: () => faults?.close(),
    close: () => {
      faults?.close();
      core.close();
      closeLedger();
    },
  };
}

/**
 * Starts the sandbox of the AI-table API on HTTP.
 * @throws Error when the port is taken, or the state file is damaged or of other options
 * @throws FaultScriptError when the fault script has mistakes
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { host = '127.0.0.1', port = 0, token } = options;
  const backstage = await openEmbeddedSandbox(options);
  const { core, ledger, faults, state, intercept } = backstage;
  const app = createServer({ core, report: ledger, token, intercept });
  try {
    await app.listen({ host, port });
  } catch (error) {
    backstage.close();
    throw error;
  }
  const timers = [
    setInterval(() => core.catchUp(), CATCH_UP_EVERY_MS).unref(),
    setInterval(() => core.keepRequests(), KEEP_REQUESTS_EVERY_MS).unref(),
  ];
  const listeningAt = portOf(app.server.address());
  let closed: Promise<void> | null = null;
  const close = async (): Promise<void> => {
    for (const timer of timers) clearInterval(timer);
    backstage.cancelDelays();
    await app.close();
    backstage.close();
  };
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${listeningAt}`,
    port: listeningAt,
    ledger,
    faults,
    state,
    truth: backstage.truth,
    close: () => (closed ??= close()),
  };
}

function portOf(address: AddressInfo | string | null): number {
  if (typeof address === 'object' && address !== null) return address.port;
  throw new Error('The sandbox does not listen on a port');
}

/** Appends what happens from now on to the file; what is replayed was written before. */
function listen({ state }: SandboxCore, path: string | undefined): () => void {
  if (path === undefined) return () => undefined;
  const file = openSync(path, 'a', 0o600);
  state.ledger.listener = (event) => appendFileSync(file, `${JSON.stringify(event)}\n`);
  return () => {
    state.ledger.listener = null;
    closeSync(file);
  };
}

/** A script takes the place of the one before; without any, nothing goes wrong any more. */
function installFaults(core: SandboxCore, script: Script | null): Faults | null {
  const { seed = 1, cells = [], credits = [], waves = [] } = script ?? {};
  const { oracle, creditRules, waveRules } = core.state;
  const before = oracle.cellRules.length + creditRules.length + waveRules.length;
  if (script !== null || before > 0) {
    core.execute('faults', { seed, cells, credits, waves });
  }
  return script === null ? null : new Faults(core, script);
}

function inTurn(first?: Intercept, second?: Intercept): Intercept | undefined {
  if (first === undefined || second === undefined) return first ?? second;
  return async (seen) => (await first(seen)) ?? (await second(seen));
}
