import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { RUN_FILE } from '../../../contract/names.ts';
import type { Pipeline, ResultTarget, TableTarget } from '../../../contract/pipeline.ts';
import type { Env } from '../../../env.ts';
import { RowmillError } from '../../../errors.ts';
import { locksOf } from '../../../paths/footprint.ts';
import { PAGE_BEGINNING } from '../../../report/page.ts';
import { renderReport } from '../../../report/render.ts';
import { placeReport } from '../../../sinks/files/report-file.ts';
import { readTargetState } from '../../../sinks/files/target-state.ts';
import {
  discardStaged,
  placeCompanions,
  placeResults,
  stageResults,
} from '../../../sinks/staged-results.ts';
import { withLocks } from '../../../sinks/lock/lock.ts';
import type { ResultColumns } from '../../../sinks/port/sink.ts';
import { tableSinkOf } from '../../../sinks/tables.ts';
import type { Folder } from '../../../store/store.ts';
import { reportFacts, resultColumns } from './results.ts';
import { pipelineIn } from './run-pipeline.ts';

/** Outcome of publishing to a target. `reportProblem`: why the report is not beside it. */
interface Done {
  rows: number;
  repeated?: true;
  reportProblem?: string;
}

/** Target of a run that was published to again. */
export type Republished = ({ to: string } & Done) | { to: string; problem: RowmillError };

const runShape = z.object({ workflowId: z.string(), firstRunId: z.string() });

/**
 * Publishes the results of a run that has ended to its targets again, each by itself: one that fails
 * keeps no other from its results.
 *
 * @param wanted A path, or a table as `schema.table`. Left out: all targets of the run.
 * @throws RowmillError `usage` for a target that the run does not have, `results_missing`
 */
export async function republish(
  folder: Folder,
  { env, wanted }: { env: Env; wanted?: string | undefined },
): Promise<Republished[]> {
  const pipeline = await pipelineIn(folder);
  if (pipeline === null || !(await folder.exists(RUN_FILE.manifest))) {
    throw new RowmillError('results_missing', 'the run has no manifest in this store', {
      where: folder.path,
    });
  }
  const run = runShape.parse(await folder.readJson(RUN_FILE.manifest));
  const columns = await resultColumns(folder, RUN_FILE.results);
  const files = pipeline.results.filter(({ to }) => wanted === undefined || to === wanted);
  const tables = (pipeline.tables ?? []).filter(
    (target) => wanted === undefined || namesOf(target).includes(wanted),
  );
  if (files.length + tables.length === 0) throw noTarget(pipeline, wanted ?? '');
  const report = files.length === 0 ? null : await reportIn(folder, pipeline, run.workflowId);
  const work: { to: string; publish: () => Promise<Done> }[] = [
    ...files.map((target) => ({
      to: target.to,
      publish: () => publishFile(folder, target, pipeline, columns, report),
    })),
    ...tables.map((target) => ({
      to: tableSinkOf(target).name(target),
      publish: async () => {
        const { rows, repeated } = await tableSinkOf(target).publish(folder, target, {
          storeName: RUN_FILE.results,
          columns,
          run,
          pipeline: pipeline.name,
          env,
        });
        return repeated ? { rows, repeated } : { rows };
      },
    })),
  ];
  const published: Republished[] = [];
  for (const { to, publish } of work) {
    try {
      published.push({ to, ...(await publish()) });
    } catch (error) {
      if (!(error instanceof RowmillError)) throw error;
      published.push({ to, problem: error });
    }
  }
  return published;
}

const namesOf = (target: TableTarget): string[] => [
  target.postgres.table,
  tableSinkOf(target).name(target),
];

function noTarget({ results, tables = [] }: Pipeline, wanted: string): RowmillError {
  const names = [
    ...results.map(({ to }) => to),
    ...tables.map((target) => tableSinkOf(target).name(target)),
  ];
  return new RowmillError('usage', `${wanted}: the run has no such target`, {
    remedy: `It has: ${names.join(', ')}.`,
  });
}

/** Renders the report of a run; `null` if it has none, or its pipeline wants none. */
async function reportIn(
  folder: Folder,
  { report }: Pipeline,
  workflowId: string,
): Promise<string | null> {
  const isWanted = report !== false && (await folder.exists(RUN_FILE.report));
  return isWanted ? renderReport(await reportFacts(folder, workflowId)) : null;
}

/** Puts all files of a publication at a path: results, quarantine, changes, manifest and report. */
async function publishFile(
  folder: Folder,
  target: ResultTarget,
  pipeline: Pipeline,
  columns: ResultColumns,
  report: string | null,
): Promise<Done> {
  const staged = await stageResults(target, folder, columns);
  try {
    return await withLocks(locksOf(staged.place), sleep, async (locks) => {
      const before = await readTargetState(target.to, staged.place, pipeline.name);
      await locks.confirm();
      await placeResults(staged);
      await placeCompanions(staged, folder, {
        before,
        quarantined: await folder.exists(RUN_FILE.quarantine),
        changes: (await folder.exists(RUN_FILE.changes)) ? RUN_FILE.changes : null,
      });
      const { rows } = staged.file;
      const reportProblem = await problemOf(report, staged.place.report);
      return reportProblem === null ? { rows } : { rows, reportProblem };
    });
  } finally {
    await discardStaged(staged);
  }
}

/** Writes a report beside results that are in place. Returns why it cannot; else `null`. */
async function problemOf(report: string | null, path: string): Promise<string | null> {
  try {
    if (report !== null) await placeReport({ path, beginning: PAGE_BEGINNING }, report);
    return null;
  } catch (error) {
    if (error instanceof RowmillError) return error.message;
    throw error;
  }
}
