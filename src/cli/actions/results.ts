import { mkdtemp, rm } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline as pipe } from 'node:stream/promises';
import { endedRunFolder } from '../../client/run-files.ts';
import { describeRun } from '../../client/start-run.ts';
import { RUN_FILE } from '../../contract/names.ts';
import type { ResultTarget } from '../../contract/pipeline.ts';
import type { PublishedFile } from '../../contract/results.ts';
import { RowmillError } from '../../errors.ts';
import { publishTo } from '../../sinks/publish.ts';
import { resultFormatOf, RESULT_EXTENSIONS } from '../../spec/places.ts';
import type { Folder } from '../../store/store.ts';
import type { Cli } from '../context.ts';
import { count, shortPath, size } from '../figures.ts';
import { resultColumns } from '../../client/result-columns.ts';
import { withSession } from '../session.ts';
import { openStore } from '../../client/environment.ts';

export interface ResultsFlags {
  out?: string;
  format?: 'jsonl' | 'csv';
  json?: true;
}

type Format = ResultTarget['format'];

/** The results of a run that has ended, out of the store; needs no worker. */
export async function results(cli: Cli, workflowId: string, flags: ResultsFlags): Promise<void> {
  const format = formatOf(flags);
  const description = await withSession(cli, ({ client }) => describeRun(client, workflowId));
  const folder = await endedRunFolder(openStore(cli.env), description);
  const { runId } = description;
  if (flags.out !== undefined) {
    const to = resolve(flags.out);
    const file = await publish(folder, { to, format });
    if (flags.json === true) cli.json({ workflowId, runId, results: [file] });
    else cli.print(`${shortPath(file.path)} (${count(file.rows, 'row')}, ${size(file.bytes)})`);
  } else if (flags.json === true) {
    const path = folder.locate(RUN_FILE.results);
    const bytes = await folder.size(RUN_FILE.results);
    cli.json({ workflowId, runId, store: { path, bytes, format: 'jsonl' } });
  } else if (format === 'jsonl') {
    await stream(cli, folder.read(RUN_FILE.results));
  } else {
    await streamPublished(cli, folder, format);
  }
}

function formatOf({ format, out }: ResultsFlags): Format {
  if (format !== undefined) return format;
  if (out === undefined) return 'jsonl';
  const known = resultFormatOf(out);
  if (known !== null) return known;
  throw new RowmillError('usage', `${out}: what format is it?`, {
    remedy: `End it in ${RESULT_EXTENSIONS.join(' or ')}, or give --format.`,
  });
}

async function publish(folder: Folder, target: ResultTarget): Promise<PublishedFile> {
  return publishTo(target, folder, RUN_FILE.results, await resultColumns(folder, RUN_FILE.results));
}

/** Formats that are written as a file first, so that the same code makes both. */
async function streamPublished(cli: Cli, folder: Folder, format: Format): Promise<void> {
  const place = await mkdtemp(join(tmpdir(), 'rowmill-results-'));
  try {
    const to = join(place, `results.${format}`);
    await publish(folder, { to, format });
    await stream(cli, createReadStream(to));
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

/** Standard output stays open: it is not ours to close. */
const stream = (cli: Cli, from: Readable): Promise<void> => pipe(from, cli.stdout, { end: false });
