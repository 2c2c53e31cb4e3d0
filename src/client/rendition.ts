import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CsvOptions, ResultTarget } from '../contract/pipeline.ts';
import { RUN_FILE } from '../contract/names.ts';
import type { PublishedFile } from '../contract/results.ts';
import type { ResultFormatName } from '../sinks/index.ts';
import { publishTo } from '../sinks/publish.ts';
import type { Folder } from '../store/store.ts';
import { resultColumns } from './result-columns.ts';
import { pipelineIn } from './run-pipeline.ts';

/** Options of the run's own CSV: one that is made later looks the same. */
export async function csvOptionsOf(folder: Folder): Promise<CsvOptions | undefined> {
  const pipeline = await pipelineIn(folder);
  return pipeline?.results.find(({ csv }) => csv !== undefined)?.csv;
}

/** Writes the results of a run's folder to a target, in one step. */
export async function publishResults(folder: Folder, target: ResultTarget): Promise<PublishedFile> {
  const csv = target.csv ?? (target.format === 'csv' ? await csvOptionsOf(folder) : undefined);
  const whole = csv === undefined ? target : { ...target, csv };
  return publishTo(whole, folder, RUN_FILE.results, await resultColumns(folder, RUN_FILE.results));
}

/** The results in another format, as a temporary file. */
export interface ExportedFile extends PublishedFile {
  remove(): Promise<void>;
}

/** Written as a file first, so that the same code makes it and its size is known. */
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
