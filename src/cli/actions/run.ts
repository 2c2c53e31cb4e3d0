import type { PreparedStart } from '../../client/pipelines/stage.ts';
import type { StartPlan } from '../../client/pipelines/prepare.ts';
import { Rowmill } from '../../client/rowmill.ts';
import type { PrepareOptions } from '../../client/rowmill-options.ts';
import type { RowmillRun } from '../../client/rowmill-run.ts';
import type { CompletedWork } from '../../client/runs/lookup/repeated-work.ts';
import type { Pipeline } from '../../contract/pipeline.ts';
import type { NightOptions } from '../../contract/run.ts';
import { RowmillError } from '../../errors.ts';
import { needsOwner } from '../../rules/spend/ceiling.ts';
import { numberFlag, type NumberRange } from '../io/number-flag.ts';
import { askApproval, type Approval } from '../io/prompt-approval.ts';
import type { Cli } from '../io/context.ts';
import { refuseDetached, refuseWithoutToken, withRunSession } from '../run/embedded-session.ts';
import { estimateLine } from '../io/summary.ts';
import { detach, followToEnd } from '../run/follow.ts';
import { probeTargets } from '../run/probe-targets.ts';
import { askBeforeRepeating } from '../run/repeat.ts';
import { printRowsWarnings, printWarnings } from '../io/rows-report.ts';
import { printConnectHint, type Session } from '../run/session.ts';
import { askAboutUnfinished } from '../run/unfinished.ts';

export interface RunFlags {
  id?: string;
  rows?: string;
  out?: string;
  canary?: string;
  detach?: true;
  embedded?: true;
  json?: true;
  yes?: true;
  new?: true;
  full?: true;
  /** Flags of `rowmill apply`, which is a run that changes the table first. */
  apply?: true;
  newTable?: true;
}

/** Rows of a canary. */
const CANARY: NumberRange = { min: 1, max: 10_000, whole: true };

interface Work extends Confirmed {
  prepared: PreparedStart;
}

interface Confirmed {
  pipeline: Pipeline;
  approval: Approval;
  /**
   * Sends the approval as an update, because the worker would not count one in the start request.
   */
  byUpdate: boolean;
}

/** Runs a pipeline file. Rejects everything it can before a server is needed. */
export async function run(cli: Cli, file: string, flags: RunFlags): Promise<void> {
  refuseContradictions(flags);
  const work = await prepare(cli, file, flags);
  try {
    const where = { ...flags, provider: work.pipeline.provider };
    await withRunSession(cli, where, (session, signal) =>
      perform(cli, flags, work, session, signal),
    );
  } finally {
    await Rowmill.discard(work.prepared, { env: cli.env });
  }
}

function refuseContradictions(flags: RunFlags): void {
  if (flags.id?.trim() === '') throw new RowmillError('usage', '--id is empty');
  refuseDetached(flags);
}

async function prepare(cli: Cli, file: string, flags: RunFlags): Promise<Work> {
  const embedded = flags.embedded === true;
  const asked: { confirmed?: Confirmed } = {};
  const prepared = await Rowmill.prepare({
    pipeline: file,
    stage: true,
    env: cli.env,
    ...nightOf(flags),
    ...(flags.rows === undefined ? {} : { rows: flags.rows }),
    ...(flags.out === undefined ? {} : { out: flags.out }),
    ...(flags.canary === undefined ? {} : { canary: numberFlag('--canary', flags.canary, CANARY) }),
    validate: async (pipeline, warnings) => {
      printWarnings(cli, warnings);
      refuseWithoutKeep(pipeline, flags);
      // An embedded worker runs here, so its environment is checked now.
      if (embedded) await refuseWithoutToken(pipeline, cli.env);
    },
    confirm: async (plan) => {
      if (embedded) await probeTargets(plan, cli.env);
      asked.confirmed = await confirm(cli, file, plan, flags);
    },
  });
  const { confirmed } = asked;
  if (confirmed === undefined) throw new RowmillError('internal', 'a start was not confirmed');
  return { prepared, ...confirmed };
}

/** Rejects flags that only a lasting table has a meaning for. */
function refuseWithoutKeep({ table, name }: Pipeline, { full, apply }: RunFlags): void {
  if (table.keep === true || (full !== true && apply !== true)) return;
  throw new RowmillError('usage', 'each run of the pipeline makes a table of its own', {
    where: `pipeline ${name}`,
    remedy: 'Use `rowmill run FILE`, or set `table.keep: true`.',
  });
}

/** Returns the options that flags set for a run on a lasting table. */
function nightOf({ full, apply, newTable }: RunFlags): Pick<PrepareOptions, 'night'> {
  const night: NightOptions = {};
  if (full === true) night.full = true;
  if (apply === true) night.apply = true;
  if (newTable === true) night.newTable = true;
  return Object.keys(night).length === 0 ? {} : { night };
}

/** Prints what the run will take, and asks if that needs an approval. */
async function confirm(
  cli: Cli,
  file: string,
  { pipeline, rows, estimate, refusal }: StartPlan,
  { yes }: RunFlags,
): Promise<Confirmed> {
  printRowsWarnings(cli, rows, estimate);
  cli.log(estimateLine(estimate));
  if (refusal !== null) throw refusal;
  const approval = await askApproval(cli, estimate, { yes: yes === true, file });
  return { pipeline, approval, byUpdate: needsOwner(estimate.credits, estimate.ceiling) };
}

async function perform(
  cli: Cli,
  flags: RunFlags,
  { prepared, pipeline, approval, byUpdate }: Work,
  session: Session,
  signal: AbortSignal,
): Promise<void> {
  const { rowmill } = session;
  if (flags.embedded === true) {
    const found = flags.new === true ? null : await rowmill.find(prepared);
    const wanted = flags.id ?? found?.id;
    await askAboutUnfinished(cli, session, (id) => id === wanted, signal);
  }
  const started = await rowmill.startPrepared(prepared, {
    approve: approval === 'given',
    fresh: flags.new === true,
    // A lasting table is asked only for what is due.
    ...(pipeline.table.keep === true
      ? {}
      : { confirmRepeat: (done: CompletedWork) => askBeforeRepeating(cli, done) }),
    ...(flags.id === undefined ? {} : { id: flags.id }),
  });
  refuseAttached(started, flags);
  const { id, attached } = started;
  printWarnings(cli, await rowmill.sharedTargets(pipeline, started));
  await session.wake?.(started.taskQueue);
  sayStarted(cli, started, session.linkTo({ workflowId: id, runId: started.runId }));
  printConnectHint(cli, session, id);
  if ((attached || byUpdate) && approval === 'given') {
    const isApproved = await started.approveOnceAsked({ signal });
    if (!isApproved) cli.log(`It may wait for an approval yet: rowmill approve ${id}`);
  }
  if (approval === 'later' && !attached) {
    cli.log(`It waits for an approval: rowmill approve ${id}`);
  }
  if (flags.detach === true) detach(cli, session, started, flags);
  else await followToEnd(cli, session, started, flags, signal);
}

/** Rejects `--new` with the id of a run in progress, beside which a second one is impossible. */
function refuseAttached({ id, attached }: RowmillRun, flags: RunFlags): void {
  if (!attached || flags.new !== true) return;
  throw new RowmillError('run_conflict', 'it is in progress, and --new asks for another one', {
    where: `run ${id}`,
    remedy: 'Choose another --id, leave out --new to attach, or cancel that run first.',
  });
}

function sayStarted(cli: Cli, { id, attached }: RowmillRun, ui: string | null): void {
  const verb = attached ? 'Attached to the run that does this work already:' : 'Started';
  cli.log(`${verb} ${cli.style('bold', id)}`);
  if (ui !== null) cli.log(ui);
}
