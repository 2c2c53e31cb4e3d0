import type { Command } from 'commander';
import type { PruneFlags } from '../actions/prune.ts';
import type { Cli } from '../io/context.ts';

export function addPrune(program: Command, cli: Cli): void {
  program
    .command('prune')
    .summary('remove the files of old runs from the store')
    .description(
      'Remove files of runs that were not written to for a time: frozen rows, results, reports. ' +
        'Shows what it would remove and asks first. Never removes runs in progress, what the next run of a ' +
        'pipeline reads, the ledger, or what was published elsewhere.',
    )
    .requiredOption('--older <span>', 'without a write for so long: 90d, at least 1d')
    .option('--yes', 'remove without asking')
    .option('--embedded', 'the embedded runs of this folder, even if a server is configured')
    .option('--json', 'one JSON object on stdout')
    .addHelpText(
      'after',
      '\nThe id or key of a removed run starts a new run, which is paid.\n\n' +
        'Examples:\n  rowmill prune --older 90d\n  rowmill prune --older 90d --yes --json | jq .bytes',
    )
    .action(async (flags: PruneFlags) => {
      const { prune } = await import('../actions/prune.ts');
      await prune(cli, flags);
    });
}
