import { execFile } from 'node:child_process';
import { resolvePlace } from '../../paths/place.ts';
import { PAGE_BEGINNING } from '../../report/page.ts';
import { placeReport } from '../../sinks/files/report-file.ts';
import type { Cli } from '../io/context.ts';
import { refuseUnknownAddress } from '../io/unknown-address.ts';
import { findStored } from '../run/find-stored.ts';
import type { HereFlags } from '../run/runs-session.ts';

export interface ReportFlags extends HereFlags {
  to?: string;
  open?: true;
}

/** Writes the report of a run from the store; needs neither worker nor server. */
export async function report(cli: Cli, workflowId: string, flags: ReportFlags): Promise<void> {
  if (flags.to !== undefined) refuseUnknownAddress('--to', flags.to);
  const stored = await findStored(cli, workflowId, flags);
  // An id may hold characters that no file name has.
  const name = `${workflowId.replaceAll(/[^\w.-]+/g, '_')}.report.html`;
  const path = resolvePlace('.', flags.to ?? name);
  await placeReport({ path, beginning: PAGE_BEGINNING }, await stored.report());
  cli.print(path);
  if (flags.open === true && !(await opened(path))) {
    cli.log(`No program here opens a page; open it by hand: ${path}`);
  }
}

/** Programs that show a file, by platform. */
const OPENERS: Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>> = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', ''],
};

/** Shows a file in the program that the operator has chosen for its kind; `false` if none does. */
function opened(path: string): Promise<boolean> {
  const [command, ...args] = OPENERS[process.platform] ?? ['xdg-open'];
  return new Promise((done) => {
    execFile(command, [...args, path], (error) => done(error === null));
  });
}
