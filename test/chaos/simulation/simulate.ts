import { join } from 'node:path';
import { createActivities, createPollActivities } from '../../../activities/index.ts';
import { WORKFLOW_TYPE } from '../../../src/contract/names.ts';
import type { EnrichTableInput } from '../../../src/contract/run.ts';
import {
  createProviders,
  PROVIDER_ENTRIES,
  type ProviderEntry,
} from '../../../src/providers/registry.ts';
import { parsePipeline } from '../../../src/spec/index.ts';
import { createFileStore } from '../../../src/store/disk/file-store.ts';
import type { Evidence } from '../../support/invariants/evidence.ts';
import { breaches } from '../../support/invariants/index.ts';
import { allEnv, caseOf, companies, wantedRows } from '../../support/providers/cases.ts';
import { act, latestDeadlineMs } from './actions.ts';
import type { Mutant } from './mutants.ts';
import { collectEvidence } from './collect-evidence.ts';
import {
  EPOCH_MS,
  inSimulation,
  NOWHERE,
  TASK_QUEUE,
  throttleMs,
  type Setup,
} from './machine/setup.ts';
import type { Action, ChaosScript } from './script.ts';
import { BUDGET_ZONE, SimulatedBudgets } from './simulated-budgets.ts';
import { FaultSchedule } from './fault-schedule.ts';
import { Cluster } from './temporal/cluster.ts';
import { Deployment, named } from './temporal/deployment.ts';
import { clientOf } from './temporal/frontend.ts';
import { toPayload } from './temporal/proto.ts';
import type { TemporalServer, WorkflowEnd } from './temporal/server.ts';
import { NOTHING_TO_GO_ON_WITH, rerunRequestsOf, requestRerun } from './rerun-requests.ts';

export interface Simulated {
  breaches: string[];
  /** Evidence of the last run, which links to those before it. */
  evidence: Evidence;
  /** Number of the reruns. */
  reruns: number;
  /** Set if a run did not end. */
  hung: boolean;
  /** Events, step by step: the same each time. */
  trace: string[];
  /** Hits of each rule of the fault script. */
  hits: Record<string, number>;
  virtualMs: number;
}

const WORKFLOW_ID = 'simulated';
/**
 * Grace after the deadline: three steps have `GRACE_MS` of the workflow each, two scans and the
 * publishing.
 */
const GRACE_MS = 3 * 3_600_000 + 600_000;
/** Time in which requests that are still on their way commit. */
const AFTERMATH_MS = 120_000;
/** Time within which a client that asks for a rerun has its answer. */
const ANSWERED_WITHIN_MS = 60_000;

/** Plays one script from beginning to end, and checks what is left. */
export async function simulate(
  script: ChaosScript,
  mutant: Mutant | null = null,
): Promise<Simulated> {
  return inSimulation(script, (setup) => simulateOn(script, { ...setup, mutant }));
}

interface SimulationSetup extends Setup {
  mutant: Mutant | null;
}

async function simulateOn(script: ChaosScript, setting: SimulationSetup): Promise<Simulated> {
  const { timeline, api, folder, workflows, mutant } = setting;
  const provider = caseOf(script.provider);
  const { reruns = [] } = script;
  const actions = [...script.actions, ...reruns.flatMap((rerun) => rerun.actions)];
  const trace: string[] = [];
  const note = (what: string): void => {
    trace.push(`${((timeline.nowMs - EPOCH_MS) / 1000).toFixed(3)} ${what}`);
  };
  const rows = companies(script.rows);
  const pipeline = pipelineOf(script, rows, folder);
  const store = createFileStore(join(folder, 'store'));
  const budgets = new SimulatedBudgets(timeline, usedByOthers(script, rows.length));
  const env = { ...allEnv(NOWHERE), ROWMILL_REQUESTS_PER_SECOND: '100' };
  const deployment = new Deployment(timeline, ({ clock: { now }, attempts }) => {
    const deps = {
      providers: createProviders(env, {}, entriesOf(script)),
      store: createFileStore(join(folder, 'store')),
      searchAttributes: true,
      budgets,
      now,
      confirmAttempt: (token: Uint8Array, details: unknown) =>
        attempts.get(Buffer.from(token).toString())?.confirm(details) ?? Promise.resolve(false),
    };
    return named({ ...createActivities(deps), ...createPollActivities(deps), ...mutant?.(deps) });
  });
  const fate = new FaultSchedule(script);
  deployment.start();
  const wanted = wantedRows(provider, rows);
  const scenery = {
    api,
    folder,
    pipeline,
    wanted,
    actions,
    graceMs: GRACE_MS,
    rowsUnreadable: unreadableIn(script),
    rowsRefused: refusedIn(script),
  };
  const found: Evidence[] = [];
  const leave = async (run: TemporalServer): Promise<void> => {
    found.push(await collectEvidence(run, found.at(-1), scenery));
  };
  const cluster = new Cluster({
    timeline,
    deployment,
    code: workflows,
    workflowType: WORKFLOW_TYPE,
    taskQueue: TASK_QUEUE,
    throttleMs,
    continueAsNewAfterEvents: script.continueAsNewAfterEvents,
    faultFor: (what, run) => fate.apply(what, run),
    note,
    leave,
  });
  const input: EnrichTableInput = { pipeline };
  await cluster.start(WORKFLOW_ID, toPayload(input));
  const scheduleActions = (what: Action[], afterMs: number): void => {
    for (const action of what) {
      timeline.in(
        afterMs + action.atMs,
        () => act(action, { cluster, deployment, api, note }),
        null,
      );
    }
  };
  const lastsAtMostMs = latestDeadlineMs(pipeline.run, actions) + GRACE_MS;
  const untilOver = ({ newest } = cluster): Promise<boolean> =>
    timeline.run(() => newest.end !== null, newest.startedAtMs + lastsAtMostMs);

  scheduleActions(script.actions, 0);
  let ended = await untilOver();
  const client = clientOf(cluster, timeline);
  const request = { client, cluster, store, workflowId: WORKFLOW_ID, taskQueue: TASK_QUEUE };
  const answers: string[] = [];
  const refused: string[] = [];
  const answered = (how: string): void => {
    note(`rerun: ${how}`);
    answers.push(how);
    const hadRows = provider.tablesIn(api.backstage).some((table) => table.rows.length > 0);
    const isFine = !hadRows || !NOTHING_TO_GO_ON_WITH.includes(how);
    if (!isFine || how.startsWith('failed')) refused.push(how);
  };
  const failed = (error: unknown): void => answered(`failed: ${String(error)}`);
  for (const rerun of reruns) {
    if (!ended) break;
    const { afterMs, approved, expires = null, actions: then } = rerun;
    const requests = rerunRequestsOf(rerun);
    for (const [at, inMs] of requests.entries()) {
      const expireFirst = expires === (at === 0 ? 'before' : 'meanwhile');
      const send = (): void => {
        if (expireFirst) cluster.expire();
        void requestRerun({ ...request, approved }).then(answered, failed);
      };
      timeline.in(inMs, send, null);
    }
    scheduleActions(then, afterMs);
    const all = answers.length + requests.length;
    const latestMs = timeline.nowMs + Math.max(...requests) + ANSWERED_WITHIN_MS;
    ended = await timeline.run(() => answers.length >= all, latestMs);
    ended &&= await untilOver();
  }
  await timeline.run(() => false, timeline.nowMs + AFTERMATH_MS);
  const { newest } = cluster;
  const end: WorkflowEnd = newest.end ?? { how: 'broken', why: 'it did not end' };
  note(`end: ${end.how}${end.how === 'broken' ? `, ${end.why}` : ''}`);
  await leave(newest);
  const evidence = must(found.at(-1) ?? null);
  return {
    breaches: [
      ...found.flatMap((one, at) => breaches(one).map((what) => saidOf(at, what))),
      ...cluster.changesTooLate.map((what) => `I9 ${what} after another worker may have had it`),
      ...refused.map((how) => `I5 the request for a rerun ${how}`),
      ...beyondBudget(script, budgets, evidence),
    ],
    evidence,
    reruns: cluster.runs.length - 1,
    hung: !ended || cluster.runs.some((run) => run.end?.how === 'broken'),
    trace,
    hits: api.backstage.faults.hits,
    virtualMs: newest.endedAtMs - EPOCH_MS,
  };
}

/** The providers, with requests of as many rows as the script says. */
const entriesOf = ({ limits }: ChaosScript): readonly ProviderEntry[] =>
  limits === undefined
    ? PROVIDER_ENTRIES
    : PROVIDER_ENTRIES.map((entry) => ({ ...entry, spec: { ...entry.spec, limits } }));

/**
 * Counts unreadable rows. Where only cursors lead from row to row, all rows between two of them
 * count.
 */
function unreadableIn({ provider, faults }: ChaosScript): number {
  const rules = (faults.requests ?? []).filter(({ fault }) => fault === 'unreadable-rows');
  const places = new Set(rules.flatMap((rule) => ('rows' in rule ? rule.rows : [])));
  return provider === 'promptlayer' && places.size > 1 ? Infinity : places.size;
}

const refusedIn = ({ faults }: ChaosScript): number =>
  new Set((faults.requests ?? []).flatMap(({ contains }) => contains ?? [])).size;

function beyondBudget(
  { perDay }: ChaosScript,
  { reserved }: SimulatedBudgets,
  { cellsPaid }: Evidence,
): string[] {
  if (perDay === undefined || cellsPaid <= reserved) return [];
  return [`I12 ${cellsPaid} cells were paid, ${reserved} are reserved in the day budget`];
}

const saidOf = (run: number, what: string): string => (run === 0 ? what : `${what} (rerun ${run})`);

/** Columns that are paid, of each table. */
const PAID_COLUMNS: Record<ChaosScript['columns'], number> = { one: 1, two: 2, chain: 2 };

function spendOf({ approveAbove, ceiling, perDay, columns }: ChaosScript, rows: number): object {
  const estimate = rows * PAID_COLUMNS[columns];
  const limits = {
    ...(approveAbove === null ? {} : { approveAbove }),
    ...(perDay === undefined
      ? {}
      : {
          perDay: {
            maxCredits: Math.ceil(estimate * perDay.share),
            budget: 'chaos',
            timezone: BUDGET_ZONE,
          },
        }),
  };
  if (ceiling === undefined) return limits;
  const { share, onCeiling } = ceiling;
  return { ...limits, maxCredits: Math.max(1, Math.floor(estimate * share)), onCeiling };
}

/** Credits that other runs have reserved before. */
const usedByOthers = ({ perDay, columns }: ChaosScript, rows: number): number =>
  Math.floor(rows * PAID_COLUMNS[columns] * (perDay?.usedByOthers ?? 0));

function pipelineOf(script: ChaosScript, rows: object[], folder: string) {
  const { tables, map } = caseOf(script.provider);
  const text = JSON.stringify({
    name: 'chaos',
    provider: script.provider,
    table: tables[script.columns],
    rows: { inline: rows, key: 'Symbol', map },
    run: script.run,
    spend: spendOf(script, rows.length),
    ...stagesOf(script),
    ...expectationsOf(script),
    results: [{ to: 'out/results.jsonl' }, { to: 'out/results.csv' }],
  });
  return parsePipeline(text, { file: join(folder, 'pipeline.json'), baseDir: folder }).pipeline;
}

function expectationsOf({ expect, provider, columns }: ChaosScript): object {
  if (expect === undefined) return {};
  const filled = { [lastColumn(provider, columns)]: { filled: '90%' } };
  return { expect: filled, onFailedExpectation: expect };
}

function lastColumn(provider: string, columns: ChaosScript['columns']): string {
  const last = caseOf(provider).tables[columns].columns.at(-1) ?? {};
  return [last['key'], last['title']].find((one) => typeof one === 'string') ?? '';
}

/** Rows of a canary, as long as the list has so many. */
const CANARY_ROWS = 3;

function stagesOf({ stages, provider, columns, rows }: ChaosScript) {
  const name = lastColumn(provider, columns);
  return {
    ...(stages === 'when' || stages === 'both'
      ? { when: { [name]: { Symbol: { matches: '[02468]$' } } } }
      : {}),
    ...(stages === 'canary' || stages === 'both'
      ? { canary: { rows: Math.min(rows, CANARY_ROWS) } }
      : {}),
  };
}

function must<T>(value: T | null): T {
  if (value === null) throw new Error('not yet');
  return value;
}
