import { describeRun } from '../../client/find-run.ts';
import { checkRequest, updateRun } from '../../client/update-run.ts';
import { UPDATE } from '../../contract/names.ts';
import type { Cli } from '../context.ts';
import { dateTime, duration } from '../figures.ts';
import { withSession } from '../session.ts';

export interface AdjustFlags {
  deadline?: string;
  pollAtMost?: string;
}

const FLAG: Readonly<Record<string, string>> = {
  deadline: '--deadline',
  pollAtMost: '--poll-at-most',
};

/** Whether a duration makes sense now is judged where it is carried out. */
export async function adjust(cli: Cli, workflowId: string, flags: AdjustFlags): Promise<void> {
  checkRequest(UPDATE.adjust, flags, (field) => FLAG[field] ?? field);
  await withSession(cli, async ({ client }) => {
    const { taskQueue } = await describeRun(client, workflowId);
    const adjusted = await updateRun(client, workflowId, taskQueue, UPDATE.adjust, flags);
    const at = dateTime(new Date(adjusted.deadlineAtMs));
    cli.print(
      `${workflowId}: deadline ${at}, polls every ${duration(adjusted.pollAtMostMs)} at most`,
    );
  });
}
