import type { LiveProgress } from '../../client/runs/lookup/live-progress.ts';
import { RowmillRun } from '../../client/rowmill-run.ts';
import { type Cli, currentUser } from '../io/context.ts';
import { formatCount, formatDateTime } from '../io/format.ts';
import { type HereFlags, withRuns } from '../run/runs-session.ts';
import { runToActOn } from '../run/session.ts';

export interface PauseFlags extends HereFlags {
  reason?: string;
}

/** Pauses a run, and reports the cells in progress at the provider, which continue. */
export async function pause(cli: Cli, workflowId: string, flags: PauseFlags): Promise<void> {
  const { reason } = flags;
  const by = currentUser();
  const request = {
    ...(reason === undefined ? {} : { reason }),
    ...(by === null ? {} : { by }),
  };
  RowmillRun.check({ pause: request }, (field) => `--${field}`);
  await withRuns(cli, flags, async (session) => {
    const run = await runToActOn(cli, session, workflowId);
    await run.pause(request);
    cli.print(`${workflowId}: paused`);
    const { progress } = await run.status();
    if (progress !== null) {
      const { inProgress } = progress.cells;
      if (inProgress > 0) {
        cli.log(`${formatCount(inProgress, 'cell')} in flight at the provider go on, and cost.`);
      }
      const deadline = formatDateTime(new Date(progress.deadlineAtMs));
      const later = `rowmill adjust ${workflowId} --deadline ${laterThan(progress)}`;
      cli.log(`Its deadline keeps running: ${deadline}. A later one: ${later}`);
    }
    cli.log(`Go on: rowmill resume ${workflowId}`);
  });
}

const HOUR_MS = 3_600_000;

/** Suggests a deadline some hours later, counted from the start as `adjust` takes it. */
const laterThan = ({ deadlineAtMs, startedAtMs }: LiveProgress): string =>
  `${Math.ceil((deadlineAtMs - startedAtMs) / HOUR_MS) + 8}h`;
