import { Argument, type Command } from 'commander';
import type { Cli } from '../io/context.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

export function addCompletion(program: Command, cli: Cli): void {
  program
    .command('completion')
    .summary('print the completion script of a shell')
    .description('Print a script that completes commands and flags.')
    .addArgument(new Argument('<shell>').choices(SHELLS))
    .addHelpText(
      'after',
      `
Examples:
  source <(rowmill completion bash)
  rowmill completion fish > ~/.config/fish/completions/rowmill.fish`,
    )
    .action((shell: Shell) => {
      const words = program.commands.map(wordsOf);
      cli.print(shell === 'fish' ? fish(words) : bash(words, shell === 'zsh'));
    });
}

interface Words {
  name: string;
  summary: string;
  /** Flags, without their dashes. */
  flags: { name: string; description: string }[];
}

const wordsOf = (command: Command): Words => ({
  name: command.name(),
  summary: command.summary() || command.description(),
  flags: command.options.flatMap(({ long, description }) =>
    typeof long === 'string' ? [{ name: long.replace(/^--/, ''), description }] : [],
  ),
});

/** zsh reads it through its own bash compatibility. Anything else is completed as a file. */
function bash(commands: readonly Words[], zsh: boolean): string {
  const cases = commands.map(
    ({ name, flags }) => `    ${name}) words="${flags.map((f) => `--${f.name}`).join(' ')}" ;;`,
  );
  return [
    ...(zsh ? ['autoload -U +X bashcompinit && bashcompinit'] : []),
    '_rowmill() {',
    '  local current="${COMP_WORDS[COMP_CWORD]}" words=""',
    '  case "${COMP_WORDS[1]}" in',
    ...cases,
    '  esac',
    `  [ "$COMP_CWORD" -eq 1 ] && words="${commands.map(({ name }) => name).join(' ')}"`,
    '  COMPREPLY=($(compgen -W "$words" -- "$current"))',
    '}',
    'complete -o default -F _rowmill rowmill',
  ].join('\n');
}

function fish(commands: readonly Words[]): string {
  const quoted = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`;
  return commands
    .flatMap(({ name, summary, flags }) => [
      `complete -c rowmill -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`,
      ...flags.map(
        (flag) =>
          `complete -c rowmill -n '__fish_seen_subcommand_from ${name}' -l ${flag.name} -d ${quoted(flag.description)}`,
      ),
    ])
    .join('\n');
}
