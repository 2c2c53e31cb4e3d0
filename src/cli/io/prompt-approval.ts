import { createInterface } from 'node:readline/promises';
import { RowmillError } from '../../errors.ts';
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

/** Asks a question at the terminal. */
export async function isYes(cli: Cli, question: string): Promise<boolean> {
  const lines = createInterface({ input: cli.stdin, output: cli.stderr });
  const given = new AbortController();
  // Ctrl-C and Ctrl-D mean "no".
  lines.once('SIGINT', () => given.abort()).once('close', () => given.abort());
  try {
    return /^\s*y(es)?\s*$/i.test(await lines.question(question, { signal: given.signal }));
  } catch (error) {
    if (!given.signal.aborted) throw error;
    cli.log('');
    return false;
  } finally {
    lines.close();
  }
}
