import { Command, CommanderError } from 'commander';
import { RowmillError } from '../errors.ts';
import { type Cli, type Env } from './io/context.ts';
import { packageVersion } from '../process/package-root.ts';
import { printError } from './io/print-error.ts';

/** Adds one command; the code of its action is loaded when it is executed. */
type Add = (program: Command, cli: Cli) => void;

/** Commands by name, in the order of `rowmill --help`. */
const COMMANDS: Readonly<Record<string, Readonly<Record<string, () => Promise<Add>>>>> = {
  'Begin:': {
    demo: async () => (await import('./commands/demo.ts')).addDemo,
    dev: async () => (await import('./commands/dev.ts')).addDev,
    init: async () => (await import('./commands/init.ts')).addInit,
    doctor: async () => (await import('./commands/doctor.ts')).addDoctor,
  },
  'Run:': {
    check: async () => (await import('./commands/check.ts')).addCheck,
    run: async () => (await import('./commands/run.ts')).addRun,
    plan: async () => (await import('./commands/plan.ts')).addPlan,
    apply: async () => (await import('./commands/apply.ts')).addApply,
  },
  'Look:': {
    list: async () => (await import('./commands/list.ts')).addList,
    status: async () => (await import('./commands/status.ts')).addStatus,
    watch: async () => (await import('./commands/watch.ts')).addWatch,
    results: async () => (await import('./commands/results.ts')).addResults,
    publish: async () => (await import('./commands/publish.ts')).addPublish,
    report: async () => (await import('./commands/report.ts')).addReport,
    changes: async () => (await import('./commands/changes.ts')).addChanges,
    spend: async () => (await import('./commands/spend.ts')).addSpend,
  },
  'Act:': {
    approve: async () => (await import('./commands/approve.ts')).addApprove,
    pause: async () => (await import('./commands/pause.ts')).addPause,
    resume: async () => (await import('./commands/resume.ts')).addResume,
    adjust: async () => (await import('./commands/adjust.ts')).addAdjust,
    rerun: async () => (await import('./commands/rerun.ts')).addRerun,
    cancel: async () => (await import('./commands/cancel.ts')).addCancel,
    budget: async () => (await import('./commands/budget.ts')).addBudget,
    prune: async () => (await import('./commands/prune.ts')).addPrune,
    forget: async () => (await import('./commands/forget.ts')).addForget,
  },
  'Nightly:': {
    schedule: async () => (await import('./commands/schedule/index.ts')).addSchedule,
  },
  'Processes:': {
    worker: async () => (await import('./commands/worker.ts')).addWorker,
    serve: async () => (await import('./commands/serve.ts')).addServe,
    sandbox: async () => (await import('./commands/sandbox.ts')).addSandbox,
  },
  'More:': {
    schema: async () => (await import('./commands/schema.ts')).addSchema,
    completion: async () => (await import('./commands/completion.ts')).addCompletion,
  },
};

const COMMAND_NAMES = Object.values(COMMANDS).flatMap((group) => Object.keys(group));

/** Creates the program with the commands of these names, by default all. */
export async function createProgram(
  cli: Cli,
  names: readonly string[] = COMMAND_NAMES,
): Promise<Command> {
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
  for (const [title, group] of Object.entries(COMMANDS)) {
    program.commandsGroup(title);
    for (const name of names) (await group[name]?.())?.(program, cli);
  }
  program.helpCommand('help [command]', 'help for a command');
  return program;
}

/** Returns the command that a command line names; all where help or completion needs them. */
function namedIn([first = '']: readonly string[]): string[] {
  if (first === '--version' || first === '-V') return [];
  return COMMAND_NAMES.includes(first) ? [first] : COMMAND_NAMES;
}

/** Runs one command line; returns the exit code. Never throws. */
export async function runCli(args: readonly string[], cli: Cli): Promise<number> {
  let exitCode = 0;
  const own: Cli & { env: Env } = { ...cli, exitWith: (code) => void (exitCode = code) };
  const program = await createProgram(own, namedIn(args));
  program.hook('preAction', async () => {
    const { commandEnv } = await import('./run/command-env.ts');
    own.env = await commandEnv(cli, args);
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    const json = args.includes('--json');
    if (!(error instanceof CommanderError)) return await printError(own, error, { json });
    // `--help` and `--version` end here with 0; without a command, the help is printed already.
    if (error.exitCode === 0) return 0;
    if (error.code === 'commander.help') return 2;
    return await printError(own, usageError(error, program, args), { json });
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
