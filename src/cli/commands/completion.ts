import { Argument, type Command } from 'commander';
import { SCRIPTS, SHELLS, type Shell } from '../completion/scripts.ts';
import type { Cli } from '../io/context.ts';

export function addCompletion(program: Command, cli: Cli): void {
  program
    .command('completion')
    .summary('print the completion script of a shell')
    .description('Print a script that completes commands, flags, run ids, schedules and files.')
    .addArgument(new Argument('<shell>').choices(SHELLS))
    .addHelpText(
      'after',
      `
Examples:
  source <(rowmill completion bash)
  source <(rowmill completion zsh)
  rowmill completion fish > ~/.config/fish/completions/rowmill.fish`,
    )
    .action((shell: Shell) => cli.print(SCRIPTS[shell]));

  program
    .command('complete', { hidden: true })
    .summary('what these scripts call')
    .description('Complete the last of the words; the scripts of `rowmill completion` call it.')
    .argument('[words...]', 'what is typed behind `rowmill`')
    .action(async (words: string[]) => {
      const { complete } = await import('../actions/complete.ts');
      await complete(cli, program, words);
    });
}
