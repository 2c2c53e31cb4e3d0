import { RowmillError } from '../../errors.ts';
import { isInteractive, type Cli } from './context.ts';
import { isYes } from './prompt-approval.ts';

/**
 * Asks before something is removed for ever. @throws RowmillError `usage` without a terminal and after a
 * "no"; nothing was removed then
 */
export async function confirmRemoval(
  cli: Cli,
  { what, yes }: { what: string; yes: boolean },
): Promise<void> {
  if (yes) return;
  if (!isInteractive(cli)) {
    throw new RowmillError('usage', `it would remove ${what}, and nothing was confirmed`, {
      remedy: 'Confirm it with --yes, or run it in a terminal.',
    });
  }
  if (await isYes(cli, `Remove ${what} for ever? [y/N] `)) return;
  throw new RowmillError('usage', 'not confirmed; nothing was removed', {
    remedy: 'Run the same command again, or with --yes.',
  });
}
