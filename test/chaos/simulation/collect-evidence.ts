import type { RunSummary } from '../../../src/contract/run.ts';
import type { Pipeline } from '../../../src/contract/pipeline.ts';
import { TerminatedFailure } from '@temporalio/common';
import { evidenceOf, type Evidence, type WantedRow } from '../../support/invariants/evidence.ts';
import { changed } from './actions.ts';
import type { Action } from './script.ts';
import type { SimulatedApi } from './simulated-api.ts';
import { fromPayload, toError } from './temporal/proto.ts';
import type { TemporalServer, WorkflowEnd } from './temporal/server.ts';

export interface SimulationContext {
  api: SimulatedApi;
  folder: string;
  pipeline: Pipeline;
  wanted: WantedRow[];
  /** Whatever people did in the whole of the script. */
  actions: Action[];
  /** A run may end so much after its deadline. */
  graceMs: number;
  /** Number of rows of the table that cannot be read, from some time on. */
  rowsUnreadable: number;
  /** Number of rows that are taken into no table. */
  rowsRefused: number;
}

/** Collects the evidence of a run that is over, before the next one reruns it. */
export async function collectEvidence(
  run: TemporalServer,
  earlier: Evidence | undefined,
  {
    api,
    folder,
    pipeline,
    wanted,
    actions,
    graceMs,
    rowsUnreadable,
    rowsRefused,
  }: SimulationContext,
): Promise<Evidence> {
  const evidence = await evidenceOf(
    {
      sandbox: api.backstage,
      folder,
      history: run.runs.map(({ history }) => history),
      finished: run.finished,
      startedAtMs: run.startedAtMs,
      endedAtMs: run.endedAtMs,
      graceMs,
    },
    {
      workflowId: run.workflowId,
      pipeline,
      wanted,
      ended: endOf(run.end ?? { how: 'broken', why: 'it did not end' }),
      ...(earlier === undefined ? {} : { earlier }),
    },
  );
  Object.assign(evidence, { rowsUnreadable, rowsRefused });
  evidence.cancelledAtMs = run.cancelledAtMs;
  changed(evidence, run.accepted, actions);
  return evidence;
}

function endOf(end: WorkflowEnd): RunSummary | Error {
  // The workflow type gives back a RunSummary.
  if (end.how === 'completed') return fromPayload(end.result) as RunSummary;
  if (end.how === 'failed') return new Error('the run failed', { cause: toError(end.failure) });
  if (end.how === 'terminated') {
    return new Error('the run failed', { cause: new TerminatedFailure('terminated') });
  }
  return new Error(end.how === 'broken' ? `the workflow is stuck: ${end.why}` : end.how);
}
