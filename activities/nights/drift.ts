import type { Folder } from '../../src/store/store.ts';

/** Inputs that another user changed at the provider: one line a row. */
export const DRIFT_FILE = 'drift.jsonl';

/** Maximum lines of that file; all rows are counted. */
const MAX_LINES = 10_000;

export interface DriftLine {
  key: string;
  /** Input columns that differ from the source. */
  columns: string[];
}

/** Writes the rows whose inputs drifted, and counts them. */
export async function writeDrift(folder: Folder, rows: readonly DriftLine[]): Promise<void> {
  if (rows.length === 0) {
    await folder.remove(DRIFT_FILE);
    return;
  }
  const draft = await folder.create(DRIFT_FILE);
  try {
    for (const row of rows.slice(0, MAX_LINES)) await draft.line(JSON.stringify(row));
    await draft.commit();
  } finally {
    await draft.discard();
  }
}
