import { InvalidArgumentError, type Command } from 'commander';
import type { ListFlags } from '../actions/list.ts';
import type { Cli } from '../io/context.ts';

export function addList(program: Command, cli: Cli): void {
  program
    .command('list')
    .description('List runs, newest first.')
    .summary('list runs')
    .option('--all', 'every run the server remembers')
    .option('--limit <n>', 'at most so many', positive, 20)
    .option('--json', 'one JSON object on stdout')
    .option('--embedded', 'the state of embedded runs in this folder')
    .addHelpText('after', '\nExamples:\n  rowmill list\n  rowmill list --all --json | jq .runs[]')
    .action(async (flags: ListFlags) => {
      const { list } = await import('../actions/list.ts');
      await list(cli, flags);
    });
}

function positive(text: string): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is not a whole number of 1 or more.');
}
