import { RowmillRun } from '../../client/rowmill-run.ts';
import type { Cli } from '../io/context.ts';
import { formatDateTime, formatDuration } from '../io/format.ts';
import { type HereFlags, withRuns } from '../run/runs-session.ts';
import { runToActOn } from '../run/session.ts';

export interface AdjustFlags extends HereFlags {
  deadline?: string;
  maxPollInterval?: string;
}

const FLAG: Readonly<Record<string, string>> = {
  deadline: '--deadline',
  maxPollInterval: '--max-poll-interval',
};

/** Adjusts a run; the run itself checks whether the duration makes sense. */
export async function adjust(cli: Cli, workflowId: string, flags: AdjustFlags): Promise<void> {
  const { embedded: _, ...limits } = flags;
  RowmillRun.check({ adjust: limits }, (field) => FLAG[field] ?? field);
  await withRuns(cli, flags, async (session) => {
    const run = await runToActOn(cli, session, workflowId);
    const adjusted = await run.adjust(limits);
    const at = formatDateTime(new Date(adjusted.deadlineAtMs));
    cli.print(
      `${workflowId}: deadline ${at}, polls every ${formatDuration(adjusted.maxPollIntervalMs)} at most`,
    );
  });
}
