import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline as pipe } from 'node:stream/promises';
import { Rowmill } from '../../client/rowmill.ts';
import type { StoredResults } from '../../client/runs/stored.ts';
import { RUN_FILE } from '../../contract/names.ts';
import { RowmillError } from '../../errors.ts';
import {
  listOf,
  RESULT_EXTENSIONS,
  resultFormatOf,
  STORED_FORMAT,
  type ResultFormatName,
} from '../../sinks/index.ts';
import type { Cli } from '../io/context.ts';
import { formatCount, shortPath, formatBytes } from '../io/format.ts';
import { type HereFlags, withRuns } from '../run/runs-session.ts';

export interface ResultsFlags extends HereFlags {
  out?: string;
  format?: ResultFormatName;
  json?: true;
}

/** Prints the results of a run that has ended, from the store; needs neither worker nor server. */
export async function results(cli: Cli, workflowId: string, flags: ResultsFlags): Promise<void> {
  const format = formatOf(flags);
  const stored = await findResults(cli, workflowId, flags);
  const { folder, runId } = stored;
  if (flags.out !== undefined) {
    const to = resolve(flags.out);
    const file = await stored.publish({ to, format });
    if (flags.json === true) cli.json({ workflowId, runId, results: [file] });
    else
      cli.print(
        `${shortPath(file.path)} (${formatCount(file.rows, 'row')}, ${formatBytes(file.bytes)})`,
      );
  } else if (flags.json === true) {
    const path = folder.locate(RUN_FILE.results);
    const bytes = await folder.size(RUN_FILE.results);
    cli.json({ workflowId, runId, store: { path, bytes, format: STORED_FORMAT } });
  } else if (format === STORED_FORMAT) {
    await stream(cli, folder.read(RUN_FILE.results));
  } else {
    await streamRendition(cli, stored, format);
  }
}

/**
 * Finds results on the server, and in the store if the run has expired there or its embedded server
 * is gone.
 */
async function findResults(cli: Cli, workflowId: string, flags: HereFlags): Promise<StoredResults> {
  try {
    return await withRuns(cli, flags, async ({ rowmill }) =>
      (await rowmill.attach(workflowId)).storedResults(),
    );
  } catch (error) {
    if (!isExpired(error)) throw error;
    const kept = await Rowmill.storedResults(workflowId, { env: cli.env });
    if (kept === null) throw error;
    cli.log(`Out of the store alone (${kept.store.location}): ${error.what}`);
    return kept;
  }
}

/** Checks whether an error means that only the store has the run. */
const isExpired = (error: unknown): error is RowmillError =>
  error instanceof RowmillError &&
  (error.code === 'temporal_unreachable' || error.code === 'run_not_found');

function formatOf({ format, out }: ResultsFlags): ResultFormatName {
  if (format !== undefined) return format;
  if (out === undefined) return STORED_FORMAT;
  const known = resultFormatOf(out);
  if (known !== null) return known;
  throw new RowmillError('usage', `${out}: what format is it?`, {
    remedy: `End it in ${listOf(RESULT_EXTENSIONS)}, or give --format.`,
  });
}

async function streamRendition(
  cli: Cli,
  stored: StoredResults,
  format: ResultFormatName,
): Promise<void> {
  const rendition = await stored.render(format);
  try {
    await stream(cli, createReadStream(rendition.path));
  } finally {
    await rendition.remove();
  }
}

/** Standard output stays open for later writes. */
const stream = (cli: Cli, from: Readable): Promise<void> => pipe(from, cli.stdout, { end: false });
