import { Readable } from 'node:stream';
import { pipeline as pipe } from 'node:stream/promises';
import { RUN_FILE } from '../../contract/names.ts';
import { changesCsv } from '../../sinks/formats/changes-csv.ts';
import type { Cli } from '../io/context.ts';
import { findStored } from '../run/find-stored.ts';
import type { HereFlags } from '../run/runs-session.ts';

export interface ChangesFlags extends HereFlags {
  format?: 'jsonl' | 'csv';
}

/** Prints what a run changed, from the store; needs neither worker nor server. */
export async function changes(cli: Cli, workflowId: string, flags: ChangesFlags): Promise<void> {
  const stored = await findStored(cli, workflowId, flags);
  const folder = await stored.changes();
  const from =
    flags.format === 'csv'
      ? Readable.from(changesCsv(folder.lines(RUN_FILE.changes), folder.locate(RUN_FILE.changes)))
      : folder.read(RUN_FILE.changes);
  // Standard output stays open for later writes.
  await pipe(from, cli.stdout, { end: false });
}
