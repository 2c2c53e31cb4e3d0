import type { Argument, Command, Option } from 'commander';

export interface Candidate {
  value: string;
  description: string;
}

/** Names that the declarations of the commands do not have. */
export type NameKind = 'files' | 'runs' | 'schedules' | 'budgets';

export interface Completion {
  candidates: Candidate[];
  /** Source of further candidates; `null`: none. */
  names: NameKind | null;
}

/** Completes the last of the words behind `rowmill`, which may be empty. */
export function completionOf(program: Command, words: readonly string[]): Completion {
  const current = words.at(-1) ?? '';
  const { command, operands, option } = readWords(program, words.slice(0, -1));
  if (option !== undefined) return valuesOf(option, '', current);
  const [, flag, value] = /^(--[^=]+)=(.*)$/s.exec(current) ?? [];
  if (flag !== undefined && value !== undefined) {
    const given = optionOf(command, flag);
    return given === undefined ? NOTHING : valuesOf(given, `${flag}=`, value);
  }
  if (current.startsWith('-')) return flagsOf(command, current);
  const subcommands = command.createHelp().visibleCommands(command);
  if (subcommands.length > 0) return operands === 0 ? commandsOf(command, current) : NOTHING;
  const argument = command.registeredArguments[operands];
  if (argument === undefined) return flagsOf(command, current);
  return operandsOf(program, argument, current);
}

const NOTHING: Completion = { candidates: [], names: null };

interface Position {
  command: Command;
  /** Operands of the command so far. */
  operands: number;
  /** Option whose value is typed. */
  option: Option | undefined;
}

function readWords(program: Command, words: readonly string[]): Position {
  const at: Position = { command: program, operands: 0, option: undefined };
  for (const word of words) {
    if (at.option !== undefined) at.option = undefined;
    else if (word.startsWith('-') && word !== '-') {
      const option = optionOf(at.command, word);
      if (option !== undefined && (option.required || option.optional)) at.option = option;
    } else {
      const next = at.command.createHelp().visibleCommands(at.command);
      const subcommand = next.find((one) => one.name() === word);
      if (subcommand === undefined) at.operands += 1;
      else at.command = subcommand;
    }
  }
  return at;
}

const optionOf = (command: Command, flag: string): Option | undefined =>
  command.options.find(({ long, short }) => flag === long || flag === short);

const startingWith = (candidates: readonly Candidate[], current: string): Candidate[] =>
  candidates.filter(({ value }) => value.startsWith(current));

function commandsOf(command: Command, current: string): Completion {
  const candidates = command
    .createHelp()
    .visibleCommands(command)
    .map((one) => ({ value: one.name(), description: one.summary() || one.description() }));
  return { candidates: startingWith(candidates, current), names: null };
}

function flagsOf(command: Command, current: string): Completion {
  const candidates = command
    .createHelp()
    .visibleOptions(command)
    .flatMap(({ long, description }) =>
      typeof long === 'string' ? [{ value: long, description }] : [],
    );
  return { candidates: startingWith(candidates, current), names: null };
}

/** Placeholders of arguments and options by which names are found. */
const NAMES: Partial<Record<string, NameKind>> = {
  file: 'files',
  folder: 'files',
  run: 'runs',
  name: 'schedules',
  budget: 'budgets',
};

function operandsOf(program: Command, argument: Argument, current: string): Completion {
  // `rowmill help COMMAND`
  if (argument.name() === 'command') return commandsOf(program, current);
  const candidates = (argument.argChoices ?? []).map(choice);
  if (candidates.length === 0) return { candidates, names: NAMES[argument.name()] ?? null };
  return { candidates: startingWith(candidates, current), names: null };
}

function valuesOf({ argChoices, flags }: Option, prefix: string, current: string): Completion {
  const candidates = (argChoices ?? []).map((value) => choice(`${prefix}${value}`));
  const isFile = /<(file|folder)>/.test(flags);
  return { candidates: startingWith(candidates, prefix + current), names: isFile ? 'files' : null };
}

const choice = (value: string): Candidate => ({ value, description: '' });
