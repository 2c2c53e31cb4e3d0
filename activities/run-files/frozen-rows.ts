import { createHash } from 'node:crypto';
import type { SnapshotRef } from '../../src/contract/rows.ts';
import { SourceColumns, writeColumns } from '../../src/sources/columns/source-columns.ts';
import type { Folder } from '../../src/store/store.ts';
import { parseRow, SNAPSHOT_FILE } from './snapshot.ts';

/** Reads the frozen rows of a run: their digest, and the columns of the source in them. */
export async function snapshotOf(folder: Folder): Promise<SnapshotRef> {
  const hash = createHash('sha256');
  let rows = 0;
  let bytes = 0;
  const columns = new SourceColumns();
  for await (const line of folder.lines(SNAPSHOT_FILE)) {
    const text = `${line}\n`;
    hash.update(text);
    rows += 1;
    bytes += Buffer.byteLength(text);
    columns.see(parseRow(line, `${folder.locate(SNAPSHOT_FILE)}:${rows}`));
  }
  await writeColumns(folder, columns.names);
  return { digest: `sha256:${hash.digest('hex')}`, rows, bytes };
}
