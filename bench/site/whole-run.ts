import { join } from 'node:path';
import proto from '@temporalio/proto';
import type { RunSummary } from '../../src/contract/run.ts';
import { startRun } from '../../src/client/runs/start.ts';
import { stageRows } from '../../src/client/pipelines/stage.ts';
import { createFileStore } from '../../src/store/disk/file-store.ts';
import type { BenchCase } from '../cases.ts';
import { peakDuring } from './memory.ts';
import { benchPipeline } from './pipeline.ts';
import type { Own } from './processes.ts';
import type { Site } from './site.ts';

const { HistoryEvent } = proto.temporal.api.history.v1;

/** A run from the command to the published file, through Temporal, and what its history shows. */
export interface WholeRun {
  rows: number;
  summary: RunSummary;
  historyEvents: number;
  historyBytes: number;
  /** Steps by name: how often each was carried out. */
  steps: Readonly<Record<string, number>>;
  /** Time from the first event to the last. */
  totalMs: number;
  /** Part of the total that was spent waiting for cells. */
  waitingMs: number;
  /** Time of each step, by name. */
  stepMs: Readonly<Record<string, number>>;
  /**
   * Bytes of the history that a slice of waiting takes: its step, the workflow's answer to it, and the
   * search attributes that it may update.
   */
  sliceBytes: number;
  /** Peak memory of the worker; `null` where it cannot be read. */
  peakBytes: number | null;
}

export async function wholeRun(
  site: Site,
  worker: Own,
  run: { id: string; rows: number; taskQueue: string; its: BenchCase },
): Promise<WholeRun> {
  const pipeline = await benchPipeline(join(site.folder, run.id), run.rows, 'bench', run.its);
  const snapshot = await stageRows(pipeline, createFileStore(site.store));
  const { result: summary, peakBytes } = await peakDuring(worker.pid, async () => {
    await startRun(site.client, {
      input: { pipeline, snapshot, approved: true },
      taskQueue: run.taskQueue,
      workflowId: run.id,
      searchAttributes: true,
    });
    // The workflow type gives back a RunSummary.
    return (await site.client.workflow.getHandle(run.id).result()) as RunSummary;
  });
  return { rows: run.rows, summary, peakBytes, ...(await historyOf(site, run.id)) };
}

async function historyOf(site: Site, workflowId: string) {
  const handle = site.client.workflow.getHandle(workflowId);
  const { raw, historyLength } = await handle.describe();
  const { events } = await handle.fetchHistory();
  const steps: Record<string, number> = {};
  const scheduled = new Map<string, { step: string; atMs: number }>();
  const stepMs: Record<string, number> = {};
  let waitingBytes = 0;
  let upsertBytes = 0;
  let step = '';
  let firstMs = Infinity;
  let lastMs = 0;
  for (const event of events ?? []) {
    const atMs =
      Number(event.eventTime?.seconds ?? 0) * 1_000 + (event.eventTime?.nanos ?? 0) / 1e6;
    firstMs = Math.min(firstMs, atMs);
    lastMs = Math.max(lastMs, atMs);
    const begins = event.activityTaskScheduledEventAttributes?.activityType?.name;
    if (begins !== undefined && begins !== null) {
      step = begins;
      steps[step] = (steps[step] ?? 0) + 1;
      scheduled.set(String(event.eventId), { step, atMs });
    }
    const bytes = HistoryEvent.encode(event).finish().length;
    if (step === 'awaitIdle') waitingBytes += bytes;
    const isUpsert = event.upsertWorkflowSearchAttributesEventAttributes != null;
    if (isUpsert) upsertBytes = Math.max(upsertBytes, bytes);
    const done = event.activityTaskCompletedEventAttributes;
    const begun = scheduled.get(String(done?.scheduledEventId));
    if (begun !== undefined) stepMs[begun.step] = (stepMs[begun.step] ?? 0) + atMs - begun.atMs;
  }
  return {
    historyEvents: historyLength,
    historyBytes: Number(raw.workflowExecutionInfo?.historySizeBytes ?? 0),
    steps,
    totalMs: lastMs - firstMs,
    waitingMs: stepMs['awaitIdle'] ?? 0,
    stepMs,
    sliceBytes: waitingBytes / (steps['awaitIdle'] ?? 1) + upsertBytes,
  };
}
