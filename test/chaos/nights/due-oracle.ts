import type { Json } from '../../../src/contract/json.ts';
import type { LiveTable, ProviderCase } from '../../support/providers/provider-case.ts';
import type { SimulatedApi } from '../simulation/simulated-api.ts';

const DAY_MS = 86_400_000;

interface CellBefore {
  starts: number;
  done: number;
  startedAtMs: number;
  inFlight: boolean;
}

/** A night that is over. */
export interface NightBefore {
  full: boolean;
  /** Another run began beside it, and asked for what was due. @default false */
  twin?: boolean;
  /** Days after which a column is due again. */
  ages: ReadonlyMap<string, number>;
  nowMs: number;
}

/**
 * Computes the cells that a night may ask for by the edits before it; counted in the sandbox's
 * ledger.
 */
export class DueOracle {
  readonly #provider: ProviderCase;
  readonly #api: SimulatedApi;
  /** Row keys and columns of cells whose answer is not that of the source or the file. */
  readonly #outdated = new Set<string>();
  /** Configs that the table was given, as JSON. */
  readonly #given = new Map<string, string>();
  #before = new Map<string, CellBefore>();
  /** Cells asked for that were not due. */
  undue = 0;

  constructor(provider: ProviderCase, api: SimulatedApi) {
    this.#provider = provider;
    this.#api = api;
  }

  get tables(): LiveTable[] {
    return this.#provider.tablesIn(this.#api.backstage);
  }

  /** Takes note of what the next night finds. */
  before(
    changed: readonly string[],
    columns: readonly { key: string; config: Record<string, Json> }[],
    applies: boolean,
  ): void {
    this.#before = this.#look();
    for (const key of changed) {
      for (const column of this.#given.keys()) this.#outdated.add(`${key}/${column}`);
    }
    for (const { key, config } of columns) {
      const text = JSON.stringify(config);
      const given = this.#given.get(key);
      if (given !== undefined && given !== text && applies) this.#outdateColumn(key);
      if (given === undefined || applies) this.#given.set(key, text);
    }
  }

  /** Yields what a night asked for or got too often. */
  *after({ full, twin = false, ages, nowMs }: NightBefore) {
    for (const [name, { starts, done, inFlight }] of this.#look()) {
      const was = this.#before.get(name) ?? { starts: 0, done: 0, startedAtMs: 0, inFlight: false };
      const column = name.slice(name.indexOf('/') + 1);
      const isAged = nowMs - was.startedAtMs >= earliestMs(ages.get(column));
      const isDue = was.done === 0 || was.inFlight || full || isAged || this.#outdated.has(name);
      if (!isDue && starts > was.starts) {
        this.undue += starts - was.starts;
        yield `R13 cell ${name} was asked for ${starts - was.starts} times, and was not due`;
      }
      // A run beside the one over everything may have gone first, for what was due.
      const most = was.inFlight || (full && twin) ? 2 : 1;
      if (done - was.done > most) yield `cell ${name} was done ${done - was.done} times in a night`;
      if (done > was.done && !was.inFlight && !inFlight) this.#outdated.delete(name);
      // A night over everything that was cut short has given up the answers it did not renew.
      else if (full && done === was.done) this.#outdated.add(name);
    }
  }

  #outdateColumn(column: string): void {
    for (const { rows } of this.tables) {
      for (const { key } of rows) if (key !== null) this.#outdated.add(`${key}/${column}`);
    }
  }

  /** Cells by row key and column; of a row that was deleted and returned, the last one. */
  #look(): Map<string, CellBefore> {
    const cells = new Map<string, CellBefore>();
    for (const { rows, cells: accounts, inFlight } of this.tables) {
      const keys = new Map(rows.map(({ id, key }) => [id, key]));
      const running = new Set(inFlight);
      for (const { rowId, column, starts, done, startedAtMs } of accounts) {
        // The provider computes columns of its own with a row.
        if (!this.#given.has(column)) continue;
        const isRunning = running.has(`${rowId}/${column}`);
        cells.set(`${keys.get(rowId) ?? rowId}/${column}`, {
          starts,
          done,
          startedAtMs,
          inFlight: isRunning,
        });
      }
    }
    return cells;
  }
}

/** Cells are due a tenth earlier than their column says, and at most six hours. */
function earliestMs(days: number | undefined): number {
  if (days === undefined) return Infinity;
  return days * DAY_MS - Math.min(0.1 * days * DAY_MS, DAY_MS / 4);
}
