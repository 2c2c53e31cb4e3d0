import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonObject } from '../../../contract/json.ts';
import { objectOf, textOf } from '../../fields.ts';
import type { CallContext } from '../../provider.ts';
import { stateOf, type Bench, type Watched } from './bench.ts';

export interface Scope {
  mode: 'new' | 'failed';
  keys: string[];
  /** Index of the row. */
  row: number;
  /** Marks cells that have failed before and may look finished until they start. */
  again?: true;
}

/** Requests the cells, and waits until nothing in the table changes. */
export async function runAndWatch(bench: Bench, ctx: CallContext, scope: Scope): Promise<Watched> {
  const before = bench.balance;
  const { json } = await bench.post(ctx, `${bench.table}/run`, {
    mode: scope.mode,
    columns: scope.keys.map((key) => bench.column(key)),
    rows: [bench.row(scope.row)],
  });
  const reported = objectOf(json)['num_requested_cells'];
  const seen = await watch(bench, ctx, scope);
  const after = await settledBalance(bench, ctx);
  return {
    ...seen,
    requested: typeof reported === 'number' ? reported : null,
    lost: before === null || after === null ? 0 : Math.max(0, before - after),
  };
}

type Seen = Pick<Watched, 'runningAfterMs' | 'endedAfterMs' | 'countsRequested'>;

async function watch(bench: Bench, ctx: CallContext, scope: Scope): Promise<Seen> {
  const { pollMs, settleMs, waitMs } = bench.pace;
  const startedMs = performance.now();
  const seen: Seen = { runningAfterMs: null, endedAfterMs: null, countsRequested: null };
  let movedMs = startedMs;
  let last = '';
  for (;;) {
    const status = await statusOf(bench, ctx);
    const rows = await bench.readRows(ctx);
    const again = await statusOf(bench, ctx);
    const nowMs = performance.now();
    const states = statesIn(rows);
    if (textOf(status['run_status']) === 'running') seen.runningAfterMs ??= nowMs - startedMs;
    if (JSON.stringify(status) === JSON.stringify(again)) {
      seen.countsRequested ??= countsRequested(status, states);
    }
    const stand = JSON.stringify([again, states]);
    if (stand !== last) movedMs = nowMs;
    last = stand;
    const isOver = textOf(again['run_status']) === 'idle' && inFlight(states) === 0;
    const isDone = scope.again !== true && isFinished(rows.get(bench.row(scope.row)), scope.keys);
    if (isOver && (isDone || nowMs - movedMs >= settleMs)) {
      return { ...seen, endedAfterMs: movedMs - startedMs };
    }
    if (nowMs - startedMs >= waitMs) return seen;
    await sleep(pollMs, undefined, ctx.signal === undefined ? {} : { signal: ctx.signal });
  }
}

const isFinished = (cells: JsonObject | undefined, keys: readonly string[]): boolean =>
  keys.every((key) => ['done', 'failed'].includes(stateOf(cells, key)));

const statusOf = async (bench: Bench, ctx: CallContext): Promise<JsonObject> =>
  objectOf(objectOf((await bench.get(ctx, bench.table)).json)['status']);

const statesIn = (rows: ReadonlyMap<string, JsonObject>): string[] =>
  [...rows.values()].flatMap((cells) => Object.keys(cells).map((key) => stateOf(cells, key)));

const count = (states: readonly string[], word: string): number =>
  states.filter((state) => state === word).length;

const inFlight = (states: readonly string[]): number =>
  count(states, 'requested') + count(states, 'in_progress');

/** `null` if the numbers do not decide it. */
function countsRequested(status: JsonObject, states: readonly string[]): boolean | null {
  const requested = count(states, 'requested');
  const started = count(states, 'in_progress');
  if (requested === 0 || textOf(status['run_status']) !== 'running') return null;
  const reported = status['num_cells_in_progress'] ?? 0;
  if (reported === requested + started) return true;
  return reported === started ? false : null;
}

/** Waits for two equal readings: the balance may lag behind the cells. */
async function settledBalance(bench: Bench, ctx: CallContext): Promise<number | null> {
  for (let read = 0, last = bench.balance; read < 5; read += 1) {
    const balance = await bench.readBalance(ctx);
    bench.balance = balance;
    if (read > 0 && balance === last) break;
    last = balance;
    await sleep(
      bench.pace.pollMs,
      undefined,
      ctx.signal === undefined ? {} : { signal: ctx.signal },
    );
  }
  return bench.balance;
}
