import { describeRun } from '../../client/find-run.ts';
import { updateRun } from '../../client/update-run.ts';
import { UPDATE } from '../../contract/names.ts';
import { RowmillError } from '../../errors.ts';
import { DURATION_ALLOWED, parseDuration } from '../../rules/duration.ts';
import type { Cli } from '../context.ts';
import { dateTime, duration } from '../figures.ts';
import { withSession } from '../session.ts';

export interface AdjustFlags {
  deadline?: string;
  pollAtMost?: string;
}

/** Whether a duration makes sense now is judged where it is carried out. */
export async function adjust(cli: Cli, workflowId: string, flags: AdjustFlags): Promise<void> {
  const { deadline, pollAtMost } = flags;
  if (deadline === undefined && pollAtMost === undefined) {
    throw new RowmillError('usage', 'nothing to adjust', {
      remedy: 'Give --deadline, --poll-at-most, or both.',
    });
  }
  if (deadline !== undefined) checkDuration('--deadline', deadline);
  if (pollAtMost !== undefined) checkDuration('--poll-at-most', pollAtMost);
  await withSession(cli, async ({ client }) => {
    const { taskQueue } = await describeRun(client, workflowId);
    const adjusted = await updateRun(client, workflowId, taskQueue, UPDATE.adjust, {
      ...(deadline === undefined ? {} : { deadline }),
      ...(pollAtMost === undefined ? {} : { pollAtMost }),
    });
    const at = dateTime(new Date(adjusted.deadlineAtMs));
    cli.print(
      `${workflowId}: deadline ${at}, polls every ${duration(adjusted.pollAtMostMs)} at most`,
    );
  });
}

function checkDuration(flag: string, text: string): void {
  if (parseDuration(text) !== null) return;
  throw new RowmillError('usage', `"${text.slice(0, 40)}" is not a duration`, {
    where: flag,
    remedy: `Give ${DURATION_ALLOWED}.`,
  });
}
