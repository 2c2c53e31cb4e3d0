import { publishFile } from './destination.ts';
import { filesAt } from './files-at.ts';
import { mapWriteErrors, sinkError } from '../port/sink-error.ts';

/** Place of a report. */
export interface ReportFile {
  /** Path, or address on S3. */
  path: string;
  /** Beginning of every report, by which a file of another program is known. */
  beginning: string;
}

/** Longest file that can be a report. */
const MAX_BYTES = 1_000_000;

/**
 * Checks that nothing keeps a report from its place beside results. Throws `sink_unwritable`, also
 * for a file that is no report of rowmill.
 */
export async function probeReport(file: ReportFile): Promise<void> {
  if ((await isReport(file)) === false) {
    throw sinkError(file.path, 'a file is there that rowmill did not write; move it away');
  }
}

/** Writes a report beside results, atomically. Throws as `probeReport`. */
export async function placeReport(file: ReportFile, page: string): Promise<void> {
  await probeReport(file);
  await publishFile(file.path, async (write) => {
    await write(Buffer.from(page));
    return 0;
  });
}

/** Removes the report of an earlier run, and no file of another program. Throws `sink_unwritable`. */
export async function removeReport(file: ReportFile): Promise<void> {
  if ((await isReport(file)) !== true) return;
  await mapWriteErrors(file.path, () => filesAt(file.path).remove(file.path));
}

/** Checks whether a file is a report of rowmill; `null` without a file. */
const isReport = ({ path, beginning }: ReportFile): Promise<boolean | null> =>
  mapWriteErrors(path, async () => {
    const files = filesAt(path);
    await files.destination(path);
    const bytes = await files.size(path);
    if (bytes === null) return null;
    return bytes <= MAX_BYTES && (await files.text(path)).startsWith(beginning);
  });
