import type { SnapshotRef } from '../../contract/rows.ts';
import type { Pipeline } from '../../contract/pipeline.ts';
import { refuseClashes } from '../../client/own-paths.ts';
import { fingerprintOf } from '../../client/fingerprint.ts';
import { findCompletedWork } from '../../client/repeated-work.ts';
import { toldByFile } from '../../client/rows-mistake.ts';
import { stageSnapshot } from '../../client/stage-rows.ts';
import { startRun, type StartedRun } from '../../client/start-run.ts';
import { MEMO_FINGERPRINT } from '../../contract/names.ts';
import { RowmillError } from '../../errors.ts';
import { loadPipeline } from '../../spec/index.ts';
import { askApproval, type Approval } from '../approval.ts';
import type { Cli } from '../context.ts';
import { refuseDetached, refuseWithoutToken, withRunSession } from '../embedded-session.ts';
import { sameTargetWarnings } from '../../client/same-target.ts';
import { spendCeilingOf } from '../../client/spend-ceiling.ts';
import { needsOwner } from '../../rules/ceiling.ts';
import { estimateOf, refuseAboveLimit } from '../../client/estimate.ts';
import { estimateLine } from '../estimate-line.ts';
import { rowsReport, sayRows } from '../rows-report.ts';
import { detach, followToEnd } from '../follow-to-end.ts';
import { probeTargets } from '../probe-targets.ts';
import { askBeforeRepeating } from '../repeat.ts';
import { sayWhere, workOn, type Session } from '../session.ts';
import { askAboutUnfinished } from '../unfinished.ts';
import { openStore } from '../../client/environment.ts';
import { approveIfWaiting } from '../../client/update-run.ts';

export interface RunFlags {
  id?: string;
  rows?: string;
  out?: string;
  detach?: true;
  embedded?: true;
  json?: true;
  yes?: true;
  new?: true;
}

interface Work {
  pipeline: Pipeline;
  snapshot: SnapshotRef;
  approval: Approval;
  /** An approval that came with the start would not count at the worker. */
  byUpdate: boolean;
}

/** Everything that can be refused is refused before there is a server to talk to. */
export async function run(cli: Cli, file: string, flags: RunFlags): Promise<void> {
  refuseContradictions(flags);
  const work = await prepare(cli, file, flags);
  const where = { ...flags, provider: work.pipeline.provider };
  await withRunSession(cli, where, (session, signal) => perform(cli, flags, work, session, signal));
}

function refuseContradictions(flags: RunFlags): void {
  if (flags.id?.trim() === '') throw new RowmillError('usage', '--id is empty');
  refuseDetached(flags);
}

async function prepare(cli: Cli, file: string, flags: RunFlags): Promise<Work> {
  const loaded = await loadPipeline(file, {
    env: cli.env,
    ...(flags.rows === undefined ? {} : { rowsOverride: flags.rows }),
    ...(flags.out === undefined ? {} : { outOverride: flags.out }),
  });
  const { pipeline } = loaded;
  for (const warning of loaded.warnings) cli.say(`${cli.tint('yellow', 'warning')} ${warning}`);
  await refuseClashes(loaded);
  if (flags.embedded === true) {
    // The worker will run here: what it would refuse is known now.
    refuseWithoutToken(pipeline, cli.env);
    await probeTargets(pipeline);
  }
  const staging = stageSnapshot(pipeline, openStore(cli.env), {
    stdin: cli.stdin,
    countRepeats: true,
  });
  const staged = await toldByFile(loaded, staging);
  const snapshot = staged.ref;
  const ceiling = spendCeilingOf(cli.env);
  const estimate = estimateOf(pipeline, snapshot.rows, ceiling, cli.env);
  sayRows(cli, rowsReport(staged, estimate));
  cli.say(estimateLine(estimate));
  refuseAboveLimit(estimate, pipeline, file);
  const approval = await askApproval(cli, estimate, { yes: flags.yes === true, file });
  return { pipeline, snapshot, approval, byUpdate: needsOwner(estimate.credits, ceiling) };
}

async function perform(
  cli: Cli,
  flags: RunFlags,
  { pipeline, snapshot, approval, byUpdate }: Work,
  session: Session,
  signal: AbortSignal,
): Promise<void> {
  const { client, searchAttributes } = session;
  const fingerprint = fingerprintOf(pipeline, snapshot.digest);
  const isThis = ({ workflowId, memo }: { workflowId: string; memo?: Record<string, unknown> }) =>
    flags.id === undefined
      ? flags.new !== true && memo?.[MEMO_FINGERPRINT] === fingerprint
      : workflowId === flags.id;
  if (flags.embedded === true) await askAboutUnfinished(cli, session, isThis, signal);
  const started = await startRun(client, {
    taskQueue: session.taskQueue,
    input: { pipeline, snapshot, ...(approval === 'given' ? { approved: true } : {}) },
    searchAttributes,
    store: openStore(cli.env),
    beforeNew: async (work) => {
      const done = await findCompletedWork(client, work);
      if (done !== null) await askBeforeRepeating(cli, done);
    },
    ...(flags.id === undefined ? {} : { workflowId: flags.id }),
    ...(flags.new === true ? { fresh: true } : {}),
  });
  refuseAttached(started, flags);
  const { workflowId, attached } = started;
  for (const warning of await sameTargetWarnings(pipeline, openStore(cli.env), workflowId)) {
    cli.say(`${cli.tint('yellow', 'warning')} ${warning}`);
  }
  const taskQueue = await workOn(session, started);
  sayStarted(cli, started, session.linkTo(started));
  sayWhere(cli, session, workflowId);
  if ((attached || byUpdate) && approval === 'given') {
    const told = await approveIfWaiting(client, { workflowId, taskQueue, signal });
    if (!told) cli.say(`It may wait for an approval yet: rowmill approve ${workflowId}`);
  }
  if (approval === 'later' && !attached) {
    cli.say(`It waits for an approval: rowmill approve ${workflowId}`);
  }
  if (flags.detach === true) detach(cli, session, started, flags);
  else await followToEnd(cli, session, { ...started, taskQueue }, flags, signal);
}

/** `--new` is a wish for a run of its own; one under way cannot have a second of its id beside it. */
function refuseAttached({ workflowId, attached }: StartedRun, flags: RunFlags): void {
  if (!attached || flags.new !== true) return;
  throw new RowmillError('run_conflict', 'it is under way, and --new asks for another one', {
    where: `run ${workflowId}`,
    remedy: 'Choose another --id, leave out --new to attach, or cancel that run first.',
  });
}

function sayStarted(cli: Cli, { workflowId, attached }: StartedRun, ui: string | null): void {
  const verb = attached ? 'Attached to the run that does this work already:' : 'Started';
  cli.say(`${verb} ${cli.tint('bold', workflowId)}`);
  if (ui !== null) cli.say(ui);
}
