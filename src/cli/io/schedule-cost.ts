import { Rowmill } from '../../client/rowmill.ts';
import type { Pipeline } from '../../contract/pipeline.ts';
import { RowmillError } from '../../errors.ts';
import { isYes } from './prompt-approval.ts';
import { isInteractive, type Cli } from './context.ts';
import { formatCount, formatInteger } from './format.ts';

/**
 * Estimates the credits of one run by its current rows; `null` if they cannot be read from here.
 */
export async function creditsOfOneRun(cli: Cli, pipeline: Pipeline): Promise<number | null> {
  try {
    return (await Rowmill.estimate(pipeline, { env: cli.env })).credits;
  } catch (error) {
    if (error instanceof RowmillError) return null;
    throw error;
  }
}

/** Describes the cost of a run; on a lasting table the price of every cell is its upper bound. */
export const about = ({ table }: Pipeline): string =>
  table.keep === true ? 'only cells that are due, at most about' : 'about';

/**
 * Prints the cost of several runs, and asks; without a terminal only `--yes` confirms.
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
      : `${about(pipeline)} ${formatCount(each * runs, 'credit')} (${formatInteger(each)} a run)`;
  cli.log(`${formatCount(runs, 'run')}: ${price}`);
  if (yes || (isInteractive(cli) && (await isYes(cli, 'Start them? [y/N] ')))) return;
  throw new RowmillError(
    'spend_refused',
    `${formatCount(runs, 'run')} not confirmed; none was started`,
    {
      where,
      remedy: 'Repeat the command with --yes.',
    },
  );
}
