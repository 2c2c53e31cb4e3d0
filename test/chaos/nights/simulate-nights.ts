import { join } from 'node:path';
import type { Pipeline } from '../../../src/contract/pipeline.ts';
import type { ResultRow } from '../../../src/contract/results.ts';
import type { NightOptions, RunSummary } from '../../../src/contract/run.ts';
import type { TableShape } from '../../../src/providers/provider-spec.ts';
import { parsePipeline } from '../../../src/spec/index.ts';
import { readLines } from '../../../src/store/disk/lines.ts';
import { sameJson } from '../../support/invariants/same-json.ts';
import { caseOf, wantedRows } from '../../support/providers/cases.ts';
import type { ProviderCase } from '../../support/providers/provider-case.ts';
import { act, latestDeadlineMs } from '../simulation/actions.ts';
import { FaultSchedule } from '../simulation/fault-schedule.ts';
import { EPOCH_MS, inSimulation, type Setup } from '../simulation/machine/setup.ts';
import { stage } from '../simulation/machine/stage.ts';
import { fromPayload, toError } from '../simulation/temporal/proto.ts';
import type { TemporalServer } from '../simulation/temporal/server.ts';
import { DueOracle } from './due-oracle.ts';
import { Machine } from './machine.ts';
import type { NightColumns, NightScript, NightsScript } from './nights-script.ts';
import { Source } from './source.ts';

export interface SimulatedNights {
  breaches: string[];
  trace: string[];
  /** End of each run. */
  ends: string[];
  cellsPaid: number;
  /** R13: cells asked for that were not due. */
  cellsUndue: number;
}

const HOUR_MS = 3_600_000;
/** Grace of the simulation of one run; a lease of a run that was terminated adds minutes. */
const GRACE_MS = 3 * HOUR_MS + 1_200_000;
const AFTERMATH_MS = 120_000;

/** Script without faults or operators: what it publishes is final. */
const QUIET: Omit<NightScript, 'columns'> = {
  afterMs: HOUR_MS,
  edits: [],
  apply: true,
  full: false,
  twinAfterMs: null,
  actions: [],
};

const QUIET_RUN: NightsScript['run'] = { failedPasses: 4, stallAfter: '30m', deadline: '12h' };

/** Plays a script, then two nights without faults: the first completes the table, the second asks for nothing. */
export const simulateNights = (script: NightsScript): Promise<SimulatedNights> =>
  inSimulation(script, (setup) => new Nights(script, setup).play());

class Nights {
  readonly #script: NightsScript;
  readonly #setup: Setup;
  readonly #provider: ProviderCase;
  readonly #oracle: DueOracle;
  readonly #source: Source;
  readonly #machine: Machine;
  readonly #trace: string[] = [];
  readonly #breaches: string[] = [];

  constructor(script: NightsScript, setup: Setup) {
    const { api } = setup;
    this.#script = script;
    this.#setup = setup;
    this.#provider = caseOf(script.provider);
    this.#oracle = new DueOracle(this.#provider, api);
    this.#source = new Source(script.rows);
    const fate = new FaultSchedule(script);
    const { continueAsNewAfterEvents } = script;
    this.#machine = new Machine(setup, {
      fate,
      continueAsNewAfterEvents,
      note: (what: string) => this.#note(what),
    });
  }

  async play(): Promise<SimulatedNights> {
    const { nights, run, refresh } = this.#script;
    this.#machine.deployment.start();
    let isOver = true;
    for (const night of nights) isOver &&= await this.#night(night, run);
    if (isOver) {
      // Whatever operators do has happened.
      await this.#machine.wait(HOUR_MS);
      this.#setup.api.calm();
      this.#machine.deployment.setClock(0);
      const here = stage();
      if (here !== null) here.disk = 'fine';
      const columns = nights.at(-1)?.columns ?? 'one';
      isOver = await this.#night({ ...QUIET, columns }, QUIET_RUN);
      if (isOver) await this.#checkResults(columns, refresh.failed === 'leave');
      const paid = this.#paid();
      isOver &&= await this.#night({ ...QUIET, columns }, QUIET_RUN);
      const again = this.#paid() - paid;
      if (again > 0 && !refresh.ages)
        this.#breaches.push(`R13 ${again} cells are paid again at the end`);
    }
    return {
      breaches: this.#breaches,
      trace: this.#trace,
      ends: this.#machine.cluster.runs.map(endOf),
      cellsPaid: this.#paid(),
      cellsUndue: this.#oracle.undue,
    };
  }

  #note(what: string): void {
    const { timeline } = this.#setup;
    this.#trace.push(`${((timeline.nowMs - EPOCH_MS) / 1000).toFixed(3)} ${what}`);
  }

  #paid(): number {
    return this.#setup.api.backstage.ledger.summary().cellsPaid;
  }

  /** Returns `false` if a run of the night does not end. */
  async #night(night: NightScript, run: NightsScript['run']): Promise<boolean> {
    const { timeline, api } = this.#setup;
    const { refresh } = this.#script;
    await this.#machine.wait(night.afterMs);
    const changed = this.#source.edit(night.edits);
    const pipeline = this.#pipelineOf(night.columns, run);
    const configs = this.#provider.columnsOf(pipeline).map(({ key }) => ({
      key,
      config:
        pipeline.table.columns.find((one) => one['key'] === key || one['title'] === key) ?? {},
    }));
    this.#note(`night of ${this.#source.rows.length} rows, ${night.columns}`);
    this.#oracle.before(changed, configs, night.apply);
    const startedAtMs = timeline.nowMs;
    const runs = [await this.#start(pipeline, night)];
    if (night.twinAfterMs !== null) {
      const twin = (): void =>
        void this.#start(pipeline, { ...night, full: false }).then((one) => runs.push(one));
      timeline.in(night.twinAfterMs, twin, null);
    }
    for (const action of night.actions) {
      const cast = {
        cluster: this.#machine.cluster,
        deployment: this.#machine.deployment,
        api,
        note: (what: string) => this.#note(what),
      };
      timeline.in(action.atMs, () => act(action, cast), null);
    }
    const wanted = night.twinAfterMs === null ? 1 : 2;
    const latestMs =
      startedAtMs +
      (night.twinAfterMs ?? 0) +
      latestDeadlineMs(pipeline.run, night.actions) +
      GRACE_MS;
    const isOver = await timeline.run(
      () => runs.length === wanted && runs.every(({ end }) => end !== null),
      latestMs,
    );
    await this.#machine.wait(AFTERMATH_MS);
    for (const one of runs) {
      this.#note(`end of ${one.workflowId}: ${endOf(one)}`);
      if (one.end === null || one.end.how === 'broken') {
        this.#breaches.push(`${one.workflowId} hung: ${endOf(one)}`);
      }
    }
    const [first] = configs;
    const ages = new Map(refresh.ages && first !== undefined ? [[first.key, 1]] : []);
    const { nowMs } = timeline;
    const twin = wanted > 1;
    this.#breaches.push(...this.#oracle.after({ full: night.full, twin, ages, nowMs }));
    return isOver && runs.every(({ end }) => end?.how !== 'broken');
  }

  #start(pipeline: Pipeline, { apply, full }: NightScript): Promise<TemporalServer> {
    const night: NightOptions = {};
    if (apply) night.apply = true;
    if (full) night.full = true;
    return this.#machine.start({ pipeline, night });
  }

  #pipelineOf(columns: NightColumns, run: NightsScript['run']): Pipeline {
    const { provider, refresh } = this.#script;
    const { folder } = this.#setup;
    const table = tableOf(this.#provider, columns);
    // Its columns are all that is asked of the pipeline.
    const [first] = this.#provider.columnsOf({ table } as Pipeline);
    const text = JSON.stringify({
      name: 'chaos',
      provider,
      table: { ...table, keep: true },
      refresh: {
        failed: refresh.failed,
        vanished: refresh.vanished,
        ...(refresh.ages ? { columns: { [first?.key ?? '']: '1d' } } : {}),
      },
      rows: { inline: this.#source.rows, key: 'Symbol', map: this.#provider.map },
      run,
      results: [{ to: 'out/results.jsonl' }],
    });
    return parsePipeline(text, { file: join(folder, 'pipeline.json'), baseDir: folder }).pipeline;
  }

  /** The answers of one full run over the last source. */
  async #checkResults(columns: NightColumns, leavesFailed: boolean): Promise<void> {
    const { api } = this.#setup;
    const { end } = this.#machine.cluster.newest;
    if (end?.how !== 'completed') {
      this.#breaches.push(`the quiet night ended ${endOf(this.#machine.cluster.newest)}`);
      return;
    }
    // The workflow type gives back a RunSummary.
    const summary = fromPayload(end.result) as RunSummary;
    const rows = new Map<string, ResultRow>();
    for await (const line of readLines(summary.results[0]?.path ?? '')) {
      const row = JSON.parse(line) as ResultRow;
      if (rows.has(row.key)) this.#breaches.push(`row ${row.key} is published twice`);
      rows.set(row.key, row);
    }
    const pipeline = this.#pipelineOf(columns, QUIET_RUN);
    const keys = this.#source.rows.map(({ Symbol }) => Symbol);
    if (!sameJson([...rows.keys()].slice(0, keys.length), keys)) {
      this.#breaches.push(`rows ${[...rows.keys()].join(' ')} are not those of the source`);
    }
    if (this.#script.refresh.vanished === 'drop' && rows.size > keys.length) {
      this.#breaches.push(`${rows.size - keys.length} rows that vanished are published`);
    }
    for (const wanted of wantedRows(this.#provider, this.#source.rows)) {
      const row = rows.get(wanted.key);
      if (!sameJson(row?.input ?? null, wanted.input)) {
        this.#breaches.push(`row ${wanted.key} has other inputs`);
      }
      for (const { key } of this.#provider.columnsOf(pipeline)) {
        const cell = row?.cells[key];
        const name = `${wanted.key}/${key}`;
        const isAnswered = cell?.status === 'done' || cell?.status === 'empty';
        if (!isAnswered && !leavesFailed)
          this.#breaches.push(`cell ${name} is ${cell?.status ?? 'missing'}`);
        const { answer } = this.#provider.truth(api.backstage, pipeline, wanted, key);
        if (cell?.status === 'done' && !sameJson(cell.value, answer)) {
          this.#breaches.push(`cell ${name} holds another value than that of one full run`);
        }
      }
    }
  }
}

function tableOf({ tables, reworded }: ProviderCase, columns: NightColumns): TableShape {
  if (columns !== 'reworded') return tables[columns];
  return { ...tables.chain, columns: [...tables.chain.columns.slice(0, -1), reworded.column] };
}

function endOf({ end }: TemporalServer): string {
  if (end === null) return 'not at all';
  if (end.how === 'completed') {
    const { outcome } = fromPayload(end.result) as RunSummary;
    return outcome;
  }
  if (end.how === 'failed') {
    const failure = toError(end.failure);
    return `failed: ${failure.cause instanceof Error ? failure.cause.message : failure.message}`;
  }
  return end.how === 'broken' ? `broken: ${end.why}` : end.how;
}
