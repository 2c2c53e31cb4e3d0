import { Rowmill } from '../../client/rowmill.ts';
import type { RowmillRun } from '../../client/rowmill-run.ts';
import type { Pipeline } from '../../contract/pipeline.ts';
import type { RunSummary } from '../../contract/run.ts';
import { openDevStack, type DevStack } from '../../dev/dev-stack.ts';
import { USUAL_UI_PORT } from '../../dev/embedded.ts';
import { EXIT } from '../../errors.ts';
import { isRequested, requireProviderSpec, type PlannedColumn } from '../../providers/catalog.ts';
import type { PipelineDocument } from '../../spec/index.ts';
import { isInteractive, type Cli, selfCommand } from '../io/context.ts';
import { demoEnv, demoFile, demoPipeline } from '../demo/pipeline.ts';
import { shortPath, formatInteger } from '../io/format.ts';
import { previewRows } from '../demo/preview-rows.ts';
import { follow } from '../run/follow.ts';
import { interruption, untilStopped } from '../run/signals.ts';
import { numberFlag, SPEED } from '../io/number-flag.ts';
import { progressView } from '../progress/index.ts';
import { ledgerText } from '../demo/ledger-check.ts';
import { summaryText } from '../io/summary.ts';
import { textTable } from '../io/table.ts';
import { uiLink } from '../../text/ui-link.ts';
import { packageVersion } from '../../process/package-root.ts';

export interface DemoFlags {
  provider: string;
  rows?: string;
  speed: string;
  keep?: boolean;
}

const FOLDER = '.rowmill/demo';
const ROWS_SHOWN = 8;

/** Runs the demo on this machine: starts the stack, runs, prints, and stops the stack. */
export async function demo(cli: Cli, flags: DemoFlags): Promise<void> {
  const speed = numberFlag('--speed', flags.speed, SPEED);
  const provider = requireProviderSpec(flags.provider);
  const pipeline = await demoPipeline(provider, FOLDER, flags.rows);
  const env = demoEnv(cli.env);
  const keep = flags.keep ?? isInteractive(cli);
  const stop = interruption();
  try {
    cli.log(`Bringing up Temporal, the sandbox API and a worker; all of it stays in ${FOLDER}`);
    const playground = await openDevStack({
      folder: FOLDER,
      speed,
      ui: { from: USUAL_UI_PORT },
      sandboxPort: 'free',
      command: selfCommand(),
      env,
      say: (line) => cli.log(line),
      userAgent: `rowmill/${packageVersion()}`,
    });
    try {
      const summary = await perform({ ...cli, env }, pipeline, playground, stop.signal);
      if (summary === null) {
        cli.log('Stopping … The same command goes on where this one was.');
        cli.exitWith(EXIT.interrupted);
      } else if (keep) {
        cli.log(`\nThe Temporal UI stays at ${playground.uiUrl ?? 'no address'} until Ctrl-C.`);
        await untilStopped(playground, stop.signal);
      }
    } finally {
      await playground.stop();
    }
  } finally {
    stop.release();
  }
}

/** Returns `null` after an interruption. */
async function perform(
  cli: Cli,
  document: PipelineDocument,
  playground: DevStack,
  signal: AbortSignal,
): Promise<RunSummary | null> {
  if (signal.aborted) return null;
  const { client, store, taskQueue, uiUrl, namespace, broken } = playground;
  const { env } = cli;
  const rowmill = await Rowmill.connect({ client, store, taskQueue, env });
  const { pipeline, rows } = await Rowmill.check({ pipeline: document, store, env });
  // The sandbox charges no real credits.
  const run = await rowmill.start({ pipeline: document, stage: true, approve: true });
  const ui = uiLink(uiUrl, namespace, { workflowId: run.id, runId: run.runId });
  sayStarted(cli, pipeline, rows.ref.rows, run, ui);
  const summary = await follow({ run, ui, view: progressView(cli), signal, broken });
  if (summary !== null) {
    await sayEnd(cli, pipeline, summary, ui, await ledgerText(playground.sandbox, summary));
  }
  return summary;
}

function sayStarted(
  cli: Cli,
  pipeline: Pipeline,
  rows: number,
  { id, attached }: RowmillRun,
  ui: string | null,
): void {
  const names = askedColumns(pipeline).map(({ name }) => name);
  cli.log(
    `${formatInteger(rows)} companies × ${names.join(', ')}, by ${pipeline.provider} (the sandbox)`,
  );
  const verb = attached ? 'Going on with the run that was not finished:' : 'Started';
  cli.log(`${verb} ${cli.style('bold', id)}`);
  if (ui !== null) cli.log(`Watch it in the Temporal UI: ${ui}\n`);
}

/** Lists the requested columns in the order of the file. */
const askedColumns = ({ provider, table }: Pipeline): PlannedColumn[] =>
  requireProviderSpec(provider).plan(table).filter(isRequested);

async function sayEnd(
  cli: Cli,
  pipeline: Pipeline,
  summary: RunSummary,
  ui: string | null,
  books: string | null,
): Promise<void> {
  const keys = askedColumns(pipeline).map(({ key }) => key);
  const provider = requireProviderSpec(pipeline.provider);
  const jsonl = summary.results.find(({ path }) => path.endsWith('.jsonl'));
  cli.print(`\n${summaryText(summary, ui)}`);
  if (books !== null) cli.print(`\n${books}`);
  if (jsonl !== undefined) cli.print(`\n${await previewRows(jsonl.path, ROWS_SHOWN, keys)}`);
  const csv = summary.results.find(({ path }) => path.endsWith('.csv'));
  const example = shortPath(demoFile(provider));
  // In a clone the command is not on PATH; npx finds it.
  const rowmill = cli.env['npm_command'] === undefined ? 'rowmill' : 'npx rowmill';
  const next: string[][] = [
    ...(csv === undefined ? [] : [[`less -S ${shortPath(csv.path)}`, 'every row']]),
    [`${rowmill} check ${example}`, 'what the real API would take; spends nothing'],
    [`${rowmill} run ${example} --embedded`, `does it, with ${provider.tokenVariable} set`],
    [`${rowmill} dev --folder ${FOLDER}`, 'this Temporal UI again'],
  ];
  const columns = [{ title: 'Next', most: 120 }, { title: '' }];
  cli.print(`\n${textTable(columns, next)}`);
}
