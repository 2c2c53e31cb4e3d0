import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createActivities, createPollActivities } from '../../../activities/index.ts';
import type { EnrichTableInput, RunSummary } from '../../../src/contract/run.ts';
import { createProviders } from '../../../src/providers/registry.ts';
import { parsePipeline } from '../../../src/spec/index.ts';
import { createFileStore } from '../../../src/store/file-store.ts';
import { evidenceOf, type Evidence } from '../../support/evidence.ts';
import { breaches } from '../../support/invariants.ts';
import { allEnv, caseOf, companies, wantedRows } from '../../support/providers/cases.ts';
import { TOKEN } from '../../support/token.ts';
import { act, changed, latestDeadlineMs } from './actions.ts';
import type { Double } from './doubles.ts';
import { closeLeftOpen, installDisk } from './machine/disk.ts';
import { installNetwork } from './machine/network.ts';
import { onStage } from './machine/stage.ts';
import { installTime } from './machine/time.ts';
import type { ChaosScript } from './script.ts';
import { openApi, type SimulatedApi } from './simulated-api.ts';
import { Timeline } from './timeline.ts';
import { Fate } from './fate.ts';
import { Deployment, type ActivityFunction } from './temporal/deployment.ts';
import { fromPayload, toError, toPayload } from './temporal/proto.ts';
import { TemporalServer, type WorkflowEnd } from './temporal/server.ts';
import { WorkflowCode } from './temporal/workflow-code.ts';

export interface Played {
  breaches: string[];
  evidence: Evidence;
  /** It did not end. */
  hung: boolean;
  /** What happened, step by step: the same each time. */
  trace: string[];
  /** How often each rule of the fault script struck. */
  fired: Record<string, number>;
  virtualMs: number;
}

const EPOCH_MS = Date.UTC(2026, 0, 5);
/** Where the simulated network begins. */
const NOWHERE = 'http://127.0.0.1:9';
const TASK_QUEUE = 'rowmill';
/** As the worker sets them (`HEARTBEAT_THROTTLE`). */
const throttleMs = (taskQueue: string): number => (taskQueue === TASK_QUEUE ? 5_000 : 2_000);
/** Reading and publishing may take their time after the deadline: `GRACE_MS` of the workflow, twice. */
const GRACE_MS = 2 * 3_600_000;
/** Requests that are still on their way land. */
const AFTERMATH_MS = 120_000;

installTime();
installDisk();
installNetwork();

let code: Promise<WorkflowCode> | null = null;

/** The same for every script: the activities' names are all that the workflow code must know. */
function loadCode(): Promise<WorkflowCode> {
  const deps = {
    providers: createProviders({}),
    store: createFileStore(tmpdir()),
    searchAttributes: true,
  };
  return (code ??= WorkflowCode.load(
    named({ ...createActivities(deps), ...createPollActivities(deps) }),
  ));
}

// Activities take one argument each, of their own type: payloads of JSON here.
const named = (activities: object): Record<string, ActivityFunction> =>
  activities as Record<string, ActivityFunction>;

/** Plays one script from beginning to end, and looks at what is left. */
export async function play(script: ChaosScript, double: Double | null = null): Promise<Played> {
  const workflows = await loadCode();
  const folder = mkdtempSync(join(tmpdir(), 'rowmill-chaos-'));
  const timeline = new Timeline(EPOCH_MS);
  let api: SimulatedApi | null = null;
  const stage = {
    timeline,
    network: (request: Parameters<SimulatedApi['network']>[0]) => must(api).network(request),
  };
  try {
    return await onStage(stage, async () => {
      api = await openApi({
        token: TOKEN,
        facts: [],
        ...caseOf(script.provider).eager,
        ...script.sandbox,
        faults: script.faults,
        realMs: () => timeline.nowMs - EPOCH_MS,
      });
      try {
        return await playOn(script, { timeline, api, folder, workflows, double });
      } finally {
        await api.close();
      }
    });
  } finally {
    closeLeftOpen();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Setting {
  timeline: Timeline;
  api: SimulatedApi;
  folder: string;
  workflows: WorkflowCode;
  double: Double | null;
}

async function playOn(script: ChaosScript, setting: Setting): Promise<Played> {
  const { timeline, api, folder, workflows, double } = setting;
  const provider = caseOf(script.provider);
  const trace: string[] = [];
  const note = (what: string): void => {
    trace.push(`${((timeline.nowMs - EPOCH_MS) / 1000).toFixed(3)} ${what}`);
  };
  const rows = companies(script.rows);
  const pipeline = pipelineOf(script, rows, folder);
  const deployment = new Deployment(timeline, () => {
    const deps = {
      providers: createProviders({ ...allEnv(NOWHERE), ROWMILL_REQUESTS_PER_SECOND: '100' }),
      store: createFileStore(join(folder, 'store')),
      searchAttributes: true,
    };
    return named({ ...createActivities(deps), ...createPollActivities(deps), ...double?.(deps) });
  });
  const fate = new Fate(script);
  deployment.start();
  const input: EnrichTableInput = { pipeline };
  const server = new TemporalServer(
    {
      timeline,
      deployment,
      code: workflows,
      workflowId: 'simulated',
      workflowType: 'enrichTable',
      taskQueue: TASK_QUEUE,
      throttleMs,
      continueAsNewAfterEvents: script.continueAsNewAfterEvents,
      befall: (what) => fate.befall(what),
      note,
    },
    toPayload(input),
  );
  for (const action of script.actions) {
    timeline.in(action.atMs, () => act(action, { server, api, note }), null);
  }
  const latestMs = EPOCH_MS + latestDeadlineMs(pipeline.run, script.actions) + GRACE_MS;
  const ended = await timeline.run(() => server.end !== null, latestMs);
  await timeline.run(() => false, timeline.nowMs + AFTERMATH_MS);
  const end: WorkflowEnd = server.end ?? { how: 'broken', why: 'it did not end' };
  note(`end: ${end.how}${end.how === 'broken' ? `, ${end.why}` : ''}`);
  const evidence = await evidenceOf(
    {
      sandbox: api.backstage,
      folder,
      history: server.runs.map(({ history }) => history),
      finished: server.finished,
      startedAtMs: EPOCH_MS,
      endedAtMs: server.endedAtMs,
      graceMs: GRACE_MS,
    },
    {
      workflowId: 'simulated',
      pipeline,
      wanted: wantedRows(provider, rows),
      ended: endOf(end),
    },
  );
  changed(evidence, server.accepted, script.actions);
  const hung = !ended || end.how === 'broken';
  return {
    breaches: breaches(evidence),
    evidence,
    hung,
    trace,
    fired: api.backstage.faults.fired,
    virtualMs: server.endedAtMs - EPOCH_MS,
  };
}

function endOf(end: WorkflowEnd): RunSummary | Error {
  if (end.how === 'completed') return fromPayload(end.result) as RunSummary;
  if (end.how === 'failed') return new Error('the run failed', { cause: toError(end.failure) });
  return new Error(end.how === 'broken' ? `the workflow is stuck: ${end.why}` : end.how);
}

function pipelineOf(script: ChaosScript, rows: object[], folder: string) {
  const { tables, map } = caseOf(script.provider);
  const text = JSON.stringify({
    name: 'chaos',
    provider: script.provider,
    table: tables[script.columns],
    rows: { inline: rows, key: 'Symbol', map },
    run: script.run,
    ...(script.approveAbove === null ? {} : { spend: { approveAbove: script.approveAbove } }),
    results: [{ to: 'out/results.jsonl' }, { to: 'out/results.csv' }],
  });
  return parsePipeline(text, { file: join(folder, 'pipeline.json'), baseDir: folder }).pipeline;
}

function must<T>(value: T | null): T {
  if (value === null) throw new Error('not yet');
  return value;
}
