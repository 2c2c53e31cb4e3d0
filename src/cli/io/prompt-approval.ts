import { RowmillError } from '../../errors.ts';
import { askLine } from './ask.ts';
import { isInteractive, type Cli } from './context.ts';
import type { Estimate } from '../../client/pipelines/estimate.ts';
import { formatInteger } from './format.ts';

/** `later`: the run is started and waits for `rowmill approve`. */
export type Approval = 'not needed' | 'given' | 'later';

/**
 * Asks for an approval above `approveAbove`: `--yes` approves, an operator at a terminal is asked,
 * otherwise the run waits. @throws RowmillError `spend_refused` after a "no"
 */
export async function askApproval(
  cli: Cli,
  estimate: Estimate,
  { yes, file }: { yes: boolean; file: string },
): Promise<Approval> {
  if (estimate.verdict !== 'ask') return 'not needed';
  if (yes) return 'given';
  if (!isInteractive(cli)) return 'later';
  if (await isYes(cli, `Spend about ${formatInteger(estimate.credits)} credits? [y/N] `))
    return 'given';
  throw new RowmillError('spend_refused', 'not approved; nothing was started', {
    where: file,
    remedy: 'Run the same command again, or with --yes.',
  });
}

/** Asks a question at the terminal; Ctrl-C and Ctrl-D mean "no". */
export const isYes = async (cli: Cli, question: string): Promise<boolean> =>
  /^\s*y(es)?\s*$/i.test((await askLine(cli, question)) ?? '');
