import { basename, dirname } from 'node:path';
import { RUN_FILE } from '../contract/names.ts';
import type { ResultTarget } from '../contract/pipeline.ts';
import type { PublishedFile } from '../contract/results.ts';
import { RowmillError } from '../errors.ts';
import type { Footprint } from '../paths/footprint.ts';
import { joinPlace } from '../paths/place.ts';
import { draftNameOf } from '../store/disk/temp-files.ts';
import type { Folder } from '../store/store.ts';
import { copyFile } from './files/copy.ts';
import { placeOf } from './files/destination.ts';
import { publishTo } from './publish.ts';
import { mapWriteErrors } from './port/sink-error.ts';
import type { ResultColumns } from './port/sink.ts';
import type { TargetState } from './files/target-state.ts';
import { filesAt } from './files/files-at.ts';

/** Complete results beside their target, not yet visible there. */
export interface StagedResults {
  target: ResultTarget;
  place: Footprint;
  /** Metadata of the final file. */
  file: PublishedFile;
  draft: string;
}

/**
 * Writes results beside their target, so that only a rename remains. Throws `sink_unwritable`, the
 * store's errors, or the reason of the signal.
 */
export async function stageResults(
  target: ResultTarget,
  folder: Folder,
  columns: ResultColumns,
  signal?: AbortSignal,
): Promise<StagedResults> {
  const place = await placeOf(target.to);
  const draft = joinPlace(dirname(place.results), draftNameOf(basename(place.results)));
  try {
    const at = { ...target, to: draft };
    const file = await publishTo(at, folder, RUN_FILE.results, columns, signal);
    return { target, place, draft, file: { ...file, path: target.to } };
  } catch (error) {
    await filesAt(draft)
      .remove(draft)
      .catch(() => undefined);
    throw atTarget(error, draft, target.to);
  }
}

/** Names the target in an error instead of the draft, which users do not know. */
function atTarget(error: unknown, draft: string, to: string): unknown {
  if (!(error instanceof RowmillError) || error.where !== draft) return error;
  return new RowmillError(error.code, error.what, { where: to, cause: error });
}

/** Moves staged results to their target, atomically. Throws `sink_unwritable`. */
export async function placeResults({ target, place, draft }: StagedResults): Promise<void> {
  const files = filesAt(place.results);
  await mapWriteErrors(target.to, () => files.move(draft, place.results));
  // The results exist; a folder that cannot be listed must not fail the publication.
  const name = basename(place.results);
  for (const draftOf of [name, `.${name}`]) {
    const path = joinPlace(dirname(place.results), draftOf);
    await files.removeDrafts(path).catch(() => undefined);
  }
}

/** Files beside the results that may be missing. */
export interface Companion {
  before: TargetState | null;
  quarantined: boolean;
  /** Name of the file with the changes in the run's folder; `null`: nothing could be compared. */
  changes: string | null;
}

/**
 * Completes a publication: writes or removes quarantine and changes, and writes the manifest last, as
 * the mark of completeness. Removes an old file only if its manifest names it.
 */
export async function placeCompanions(
  { place }: Pick<StagedResults, 'place'>,
  folder: Folder,
  { before, quarantined, changes }: Companion,
): Promise<void> {
  if (quarantined) await copyFile(folder, RUN_FILE.quarantine, place.quarantine);
  else if (before?.hasQuarantine === true) await removeFile(place.quarantine);
  if (changes !== null) await copyFile(folder, changes, place.changes);
  else if (before?.hasChanges === true) await removeFile(place.changes);
  await copyFile(folder, RUN_FILE.manifest, place.manifest);
}

export const discardStaged = ({ draft }: StagedResults): Promise<void> =>
  filesAt(draft)
    .remove(draft)
    .catch(() => undefined);

const removeFile = (path: string): Promise<void> =>
  mapWriteErrors(path, () => filesAt(path).remove(path));
