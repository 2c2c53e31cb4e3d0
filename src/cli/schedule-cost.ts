import { spendCeilingOf } from '../client/spend-ceiling.ts';
import { estimateOf } from '../client/estimate.ts';
import type { Pipeline } from '../contract/pipeline.ts';
import { RowmillError } from '../errors.ts';
import { requireProviderSpec } from '../providers/spec.ts';
import { createDigestDraft } from '../sources/digest-draft.ts';
import { takeSnapshot } from '../sources/snapshot.ts';
import { isYes } from './approval.ts';
import { isInteractive, type Cli } from './context.ts';
import { count, whole } from './figures.ts';

/** Credits of one run by the rows as they are now; `null` where they cannot be read from here. */
export async function creditsOfOneRun(cli: Cli, pipeline: Pipeline): Promise<number | null> {
  const inputs = requireProviderSpec(pipeline.provider).inputs(pipeline.table);
  try {
    const { ref } = await takeSnapshot(pipeline.rows, inputs, createDigestDraft());
    return estimateOf(pipeline, ref.rows, spendCeilingOf(cli.env), cli.env).credits;
  } catch (error) {
    if (error instanceof RowmillError) return null;
    throw error;
  }
}

/**
 * Says what so many runs cost, and asks; without a terminal only `--yes` says yes.
 * @throws RowmillError `spend_refused`
 */
export async function confirmRuns(
  cli: Cli,
  pipeline: Pipeline,
  runs: number,
  { yes, where }: { yes: boolean; where: string },
): Promise<void> {
  const each = await creditsOfOneRun(cli, pipeline);
  const price =
    each === null
      ? 'their credits are not known here: the rows cannot be read'
      : `about ${count(each * runs, 'credit')} (${whole(each)} a run)`;
  cli.say(`${count(runs, 'run')}: ${price}`);
  if (yes || (isInteractive(cli) && (await isYes(cli, 'Start them? [y/N] ')))) return;
  throw new RowmillError('spend_refused', `${count(runs, 'run')} not confirmed; none was started`, {
    where,
    remedy: 'Repeat the command with --yes.',
  });
}
