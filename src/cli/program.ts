import { Command, CommanderError } from 'commander';
import { RowmillError } from '../errors.ts';
import { addAdjust } from './commands/adjust.ts';
import { addApply } from './commands/apply.ts';
import { addApprove } from './commands/approve.ts';
import { addBudget } from './commands/budget.ts';
import { addCancel } from './commands/cancel.ts';
import { addChanges } from './commands/changes.ts';
import { addCheck } from './commands/check.ts';
import { addCompletion } from './commands/completion.ts';
import { type Cli, type Env, packageVersion } from './io/context.ts';
import { addDemo } from './commands/demo.ts';
import { addDev } from './commands/dev.ts';
import { withSecretFiles } from '../process/secret-files.ts';
import { PROVIDER_SPECS } from '../providers/catalog.ts';
import { commandEnv } from './run/dev-environment.ts';
import { addDoctor } from './commands/doctor.ts';
import { addList } from './commands/list.ts';
import { addPause } from './commands/pause.ts';
import { addPlan } from './commands/plan.ts';
import { addRerun } from './commands/rerun.ts';
import { addResults } from './commands/results.ts';
import { addResume } from './commands/resume.ts';
import { addRun } from './commands/run.ts';
import { addSandbox } from './commands/sandbox.ts';
import { printError } from './io/print-error.ts';
import { addSchedule } from './commands/schedule/index.ts';
import { addSchema } from './commands/schema.ts';
import { addServe } from './commands/serve.ts';
import { addSpend } from './commands/spend.ts';
import { addStatus } from './commands/status.ts';
import { addWatch } from './commands/watch.ts';
import { addWorker } from './commands/worker.ts';

/** Adds one command; its code is loaded when it is executed. */
type Add = (program: Command, cli: Cli) => void;

/** Commands in the order of `rowmill --help`. */
const COMMANDS: readonly [string, readonly Add[]][] = [
  ['Begin:', [addDemo, addDev, addDoctor]],
  ['Run:', [addCheck, addRun, addPlan, addApply]],
  ['Look:', [addList, addStatus, addWatch, addResults, addChanges, addSpend]],
  ['Act:', [addApprove, addPause, addResume, addAdjust, addRerun, addCancel, addBudget]],
  ['Nightly:', [addSchedule]],
  ['Processes:', [addWorker, addServe, addSandbox]],
  ['More:', [addSchema, addCompletion]],
];

export function createProgram(cli: Cli): Command {
  const program = new Command('rowmill');
  program
    .description('Rows in, enriched rows out: AI-table runs that survive crashes, on Temporal.')
    .version(packageVersion(), '-V, --version')
    .configureOutput({
      writeOut: (text) => void cli.stdout.write(text),
      writeErr: (text) => void cli.stderr.write(text),
      // runCli prints the error, in the format of all others.
      outputError: () => undefined,
    })
    // Inherited by commands: none may end the process from inside.
    .exitOverride()
    .addHelpText(
      'after',
      `
Examples:
  rowmill demo
  rowmill check examples/companies/pipeline.yaml
  rowmill run examples/companies/pipeline.yaml --embedded`,
    );
  for (const [group, adds] of COMMANDS) {
    program.commandsGroup(group);
    for (const add of adds) add(program, cli);
  }
  program.helpCommand('help [command]', 'help for a command');
  return program;
}

const SECRETS = [...PROVIDER_SPECS.map(({ tokenVariable }) => tokenVariable), 'TEMPORAL_API_KEY'];

/** Runs one command line; returns the exit code. Never throws. */
export async function runCli(args: readonly string[], cli: Cli): Promise<number> {
  let exitCode = 0;
  let env: Env;
  try {
    env = withSecretFiles(commandEnv(cli, args), SECRETS);
  } catch (error) {
    return printError(cli, error, { json: args.includes('--json') });
  }
  const own: Cli = { ...cli, env, exitWith: (code) => void (exitCode = code) };
  const program = createProgram(own);
  try {
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    const json = args.includes('--json');
    if (!(error instanceof CommanderError)) return printError(own, error, { json });
    // `--help` and `--version` end here with 0; without a command, the help is printed already.
    if (error.exitCode === 0) return 0;
    if (error.code === 'commander.help') return 2;
    return printError(own, usageError(error, program, args), { json });
  }
}

function usageError(error: CommanderError, program: Command, args: readonly string[]) {
  const command = program.commands.find((candidate) => candidate.name() === args[0]);
  const help = command === undefined ? 'rowmill --help' : `rowmill ${command.name()} --help`;
  return new RowmillError('usage', error.message.replace(/^error: /, ''), {
    remedy: `See \`${help}\`.`,
    cause: error,
  });
}
