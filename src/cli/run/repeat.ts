import type { CompletedWork } from '../../client/runs/lookup/repeated-work.ts';
import { RowmillError } from '../../errors.ts';
import { isYes } from '../io/prompt-approval.ts';
import { isInteractive, type Cli } from '../io/context.ts';
import { formatCount, formatDuration } from '../io/format.ts';

/** Time within which a repeated command counts as a mistake without a terminal, in ms. */
const SLIP_WITHIN_MS = 12 * 60 * 60_000;

/**
 * Prints that the same work was done before and its cost, and asks whether to pay again. Without a
 * terminal, refuses within 12 hours.
 * @throws RowmillError `run_conflict`
 */
export async function askBeforeRepeating(
  cli: Cli,
  { workflowId, endedAt, summary }: CompletedWork,
): Promise<void> {
  const goneMs = Date.now() - endedAt.getTime();
  const { creditsSpent } = summary;
  const cost = ` for ${formatCount(creditsSpent, 'credit')}`;
  const done = `the same work was ${summary.outcome} ${formatDuration(goneMs)} ago${cost}`;
  if (isInteractive(cli)) {
    cli.log(`${workflowId}: ${done}`);
    if (await isYes(cli, 'Do it all again, and pay again? [y/N] ')) return;
  } else if (goneMs > SLIP_WITHIN_MS) {
    cli.log(`${workflowId}: ${done}`);
    return;
  }
  throw new RowmillError('run_conflict', `${done}; nothing was started`, {
    where: `run ${workflowId}`,
    remedy: `See \`rowmill results ${workflowId}\`, ask again for cells without an answer with \`rowmill rerun ${workflowId}\`, or do it all again with --new.`,
  });
}
