import type { Command } from 'commander';
import type { RunFlags } from '../actions/run.ts';
import type { Cli } from '../io/context.ts';

export function addRun(program: Command, cli: Cli): void {
  program
    .command('run')
    .summary('start a run (or attach to it) and follow it to its results')
    .description(
      'Start a run, or attach to the unfinished one of the same file and rows, and follow it.\n' +
        'Ctrl-C leaves the run running.',
    )
    .argument('<file>', 'pipeline file (YAML or JSON)')
    .option('--id <id>', 'workflow id; the same id with the same work attaches')
    .option('--rows <file>', 'rows from here instead (- for standard input)')
    .option('--out <file>', 'results to here instead')
    .option('--canary <rows>', 'so many rows first; the rest follows once they are judged')
    .option('--detach', 'start it and leave')
    .option('--embedded', 'own Temporal server and worker for this run, kept in .rowmill/')
    .option('--json', 'one JSON object on stdout, nothing else there')
    .option('--yes', 'approve the estimated credits')
    .option('--full', 'ask for every cell of a lasting table once, whatever its age')
    .option('--new', 'always start a new run, never attach')
    .addHelpText(
      'after',
      `
Examples:
  rowmill run pipeline.yaml
  rowmill run pipeline.yaml --embedded
  rowmill run pipeline.yaml --rows today.csv --out out/today.jsonl --id today --json
  cat companies.jsonl | rowmill run pipeline.yaml --rows - --detach

Exit codes: 0 completed, 1 failed or cancelled, 2 wrong usage or file, 3 partial,
            4 credentials or credits, 130 interrupted (the run goes on).`,
    )
    .action(async (file: string, flags: RunFlags) => {
      const { run } = await import('../actions/run.ts');
      await run(cli, file, flags);
    });
}
