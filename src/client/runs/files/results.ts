import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WorkflowExecutionDescription } from '@temporalio/client';
import { pipelineColumns, type AnswerSchemas } from '../../../answers/answer-schemas.ts';
import { RUN_FILE } from '../../../contract/names.ts';
import type { CsvOptions, ResultTarget } from '../../../contract/pipeline.ts';
import type { PublishedFile, ResultRow } from '../../../contract/results.ts';
import { RowmillError } from '../../../errors.ts';
import { providerSpec } from '../../../providers/catalog.ts';
import type { ReportFacts } from '../../../report/facts.ts';
import type { ResultFormatName } from '../../../sinks/index.ts';
import type { ResultColumns } from '../../../sinks/port/sink.ts';
import { publishTo } from '../../../sinks/publish.ts';
import { readColumns, SourceColumns } from '../../../sources/columns/source-columns.ts';
import type { Folder, Store } from '../../../store/store.ts';
import { firstRunOf } from '../lookup/describe.ts';
import { toRunInfo } from '../lookup/list.ts';
import { pipelineIn } from './run-pipeline.ts';

type Described = Pick<WorkflowExecutionDescription, 'workflowId' | 'runId' | 'status' | 'raw'>;

/**
 * Returns the folder of a run that has its outcome, with the results in it.
 * @throws RowmillError `action_refused` while the run is in progress, `results_missing` if this
 * store has none
 */
export async function endedRunFolder(store: Store, run: Described): Promise<Folder> {
  const { workflowId, status, raw } = run;
  const where = `run ${workflowId}`;
  if (status.name === 'RUNNING' && toRunInfo(raw.workflowExecutionInfo).outcome === null) {
    throw new RowmillError('action_refused', 'there are no results yet: the run is in progress', {
      where,
      remedy: `Wait for it: rowmill watch ${workflowId}`,
    });
  }
  const folder = store.run({ workflowId, firstRunId: firstRunOf(run) });
  if (await folder.exists(RUN_FILE.results)) return folder;
  throw new RowmillError('results_missing', `no results of this run in ${store.location}`, {
    where,
    remedy: `It ended before a table was read (rowmill status ${workflowId}), or its worker uses another ROWMILL_STORE.`,
  });
}

/**
 * Returns the folder if it has the changes of the run. Throws `results_missing` otherwise: an empty
 * file would mean that nothing changed.
 */
export async function changesFolder(folder: Folder, workflowId: string): Promise<Folder> {
  if (await folder.exists(RUN_FILE.changes)) return folder;
  throw new RowmillError('results_missing', 'there are no changes of this run', {
    where: `run ${workflowId}`,
    remedy: `It published at no target, or could not be compared: rowmill status ${workflowId}.`,
  });
}

/**
 * Reads the facts of a run's report.
 * @throws RowmillError `results_missing` if the run could not write them
 */
export async function reportFacts(folder: Folder, workflowId: string): Promise<ReportFacts> {
  if (await folder.exists(RUN_FILE.report)) {
    // Safe cast: written by the worker in this shape.
    return (await folder.readJson(RUN_FILE.report)) as ReportFacts;
  }
  throw new RowmillError('results_missing', 'there is no report of this run', {
    where: `run ${workflowId}`,
    remedy: `Its worker could not write it: rowmill status ${workflowId}.`,
  });
}

/** Reads the CSV options of the run, so that a later export has the same format. */
export async function csvOptionsOf(folder: Folder): Promise<CsvOptions | undefined> {
  const pipeline = await pipelineIn(folder);
  return pipeline?.results.find(({ csv }) => csv !== undefined)?.csv;
}

/** Returns the types of a run's answers, by the pipeline that it was started with. */
export const answerSchemasIn = async (folder: Folder): Promise<AnswerSchemas> =>
  (await columnsIn(folder))?.answers ?? {};

/** Returns the columns of the pipeline that a run was started with; `null` if it is not known. */
async function columnsIn(folder: Folder): Promise<ReturnType<typeof pipelineColumns> | null> {
  const pipeline = await pipelineIn(folder);
  const spec = pipeline === null ? null : providerSpec(pipeline.provider);
  return pipeline === null || spec === null ? null : pipelineColumns(spec, pipeline);
}

/** Writes the results in a run's folder to a target, atomically. */
export async function publishResults(folder: Folder, target: ResultTarget): Promise<PublishedFile> {
  const csv = target.csv ?? (target.format === 'csv' ? await csvOptionsOf(folder) : undefined);
  const whole = csv === undefined ? target : { ...target, csv };
  return publishTo(whole, folder, RUN_FILE.results, await resultColumns(folder, RUN_FILE.results));
}

/** Exported results as a temporary file. */
export interface ExportedFile extends PublishedFile {
  remove(): Promise<void>;
}

/** Exports the results to a file first, so that their size is known. */
export async function exportResults(
  folder: Folder,
  format: ResultFormatName,
): Promise<ExportedFile> {
  const place = await mkdtemp(join(tmpdir(), 'rowmill-results-'));
  const remove = (): Promise<void> => rm(place, { recursive: true, force: true });
  try {
    const file = await publishResults(folder, { to: join(place, `results.${format}`), format });
    return { ...file, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Rows checked for input fields: the first ones may lack optional fields. */
const ROWS_LOOKED_AT = 1_000;

/** Finds the columns in the result rows: the pipeline file may have changed. */
export async function resultColumns(folder: Folder, name: string): Promise<ResultColumns> {
  const inputs = new Set<string>();
  const columns = new Set<string>();
  const kept = await readColumns(folder);
  const source = new SourceColumns();
  let rows = 0;
  for await (const line of folder.lines(name)) {
    // Safe cast: the run wrote the row; writing the rows reports damage.
    const row = JSON.parse(line) as Partial<ResultRow>;
    for (const input of Object.keys(row.input ?? {})) inputs.add(input);
    for (const column of Object.keys(row.cells ?? {})) columns.add(column);
    source.see(row);
    if ((rows += 1) === ROWS_LOOKED_AT) break;
  }
  const planned = await columnsIn(folder);
  return {
    inputs: inOrder(inputs, planned?.inputs),
    columns: inOrder(columns, planned?.columns),
    source: kept ?? source.names,
    answers: planned?.answers ?? {},
  };
}

/** Orders names as planned: an object has those that are numbers first. */
const inOrder = (found: ReadonlySet<string>, planned: readonly string[] = []): string[] => [
  ...new Set([...planned.filter((name) => found.has(name)), ...found]),
];
