import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { pipeline as pipe } from 'node:stream/promises';
import type { StoredResults } from '../../client/runs/files/stored.ts';
import { RUN_FILE } from '../../contract/names.ts';
import { RowmillError } from '../../errors.ts';
import { resolvePlace } from '../../paths/place.ts';
import {
  listOf,
  RESULT_EXTENSIONS,
  resultFormatOf,
  STORED_FORMAT,
  type ResultFormatName,
} from '../../sinks/index.ts';
import type { Cli } from '../io/context.ts';
import { formatCount, shortPath, formatBytes } from '../io/format.ts';
import { refuseUnknownAddress } from '../io/unknown-address.ts';
import { findStored } from '../run/find-stored.ts';
import type { HereFlags } from '../run/runs-session.ts';

export interface ResultsFlags extends HereFlags {
  out?: string;
  format?: ResultFormatName;
  json?: true;
}

/** Prints the results of a run that has ended, from the store; needs neither worker nor server. */
export async function results(cli: Cli, workflowId: string, flags: ResultsFlags): Promise<void> {
  const format = formatOf(flags);
  const stored = await findStored(cli, workflowId, flags);
  const { folder, runId } = stored;
  if (flags.out !== undefined) {
    const to = resolvePlace('.', flags.out);
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

function formatOf({ format, out }: ResultsFlags): ResultFormatName {
  if (out !== undefined) refuseUnknownAddress('--out', out);
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
