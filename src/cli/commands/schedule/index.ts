import type { Command } from 'commander';
import type { TriggerFlags } from '../../actions/schedule/control.ts';
import type { ApplyFlags } from '../../actions/schedule/apply.ts';
import type { BackfillFlags } from '../../actions/schedule/backfill.ts';
import type { Cli } from '../../io/context.ts';

const JSON_FLAG = ['--json', 'one JSON object on stdout'] as const;
const NAME = ['<name>', 'name of the pipeline'] as const;

interface JsonFlag {
  json?: true;
}

interface NoteFlags extends JsonFlag {
  note?: string;
}

export function addSchedule(program: Command, cli: Cli): void {
  const schedule = program
    .command('schedule')
    .summary('run pipelines by themselves, every night')
    .description(
      'Run pipelines by themselves: schedules in Temporal, from `schedule:` of the file.',
    )
    .addHelpText(
      'after',
      `
Examples:
  rowmill schedule apply pipeline.yaml
  rowmill schedule list
  rowmill schedule pause sp500-profile --note "the source is being moved"
  rowmill schedule backfill sp500-profile --from 2026-01-29 --to 2026-01-31`,
    );

  schedule
    .command('apply')
    .summary('make the schedule of a pipeline file, or bring it up to date')
    .description('Make the schedule of a pipeline file, or bring it up to date. Keeps a pause.')
    .argument('<file>', 'pipeline file with a `schedule` block')
    .option('--yes', 'answer no questions')
    .option('--replace', 'replace a schedule of this name that was made from another file')
    .option(...JSON_FLAG)
    .addHelpText('after', '\nExample:\n  rowmill schedule apply pipeline.yaml')
    .action(async (file: string, flags: ApplyFlags) => {
      const { apply } = await import('../../actions/schedule/apply.ts');
      await apply(cli, file, flags);
    });

  schedule
    .command('list')
    .description('List schedules: when they run next, and what came of the last run.')
    .summary('list schedules')
    .option(...JSON_FLAG)
    .action(async (flags: JsonFlag) => {
      const { list } = await import('../../actions/schedule/show.ts');
      await list(cli, flags);
    });

  schedule
    .command('describe')
    .summary('show one schedule with its newest runs')
    .description('Show one schedule: its next times, its newest runs, what was skipped and why.')
    .argument(...NAME)
    .option(...JSON_FLAG)
    .action(async (name: string, flags: JsonFlag) => {
      const { describe } = await import('../../actions/schedule/show.ts');
      await describe(cli, name, flags);
    });

  for (const [word, summary] of [
    ['pause', 'start no run by itself until it is resumed'],
    ['resume', 'start runs by itself again'],
  ] as const) {
    schedule
      .command(word)
      .summary(summary)
      .description(`${summary[0]?.toUpperCase()}${summary.slice(1)}. Runs in progress go on.`)
      .argument(...NAME)
      .option('--note <text>', 'why, for others')
      .option(...JSON_FLAG)
      .action(async (name: string, flags: NoteFlags) => {
        const act = await import('../../actions/schedule/control.ts');
        await act[word](cli, name, flags);
      });
  }

  schedule
    .command('trigger')
    .summary('start a run now')
    .description('Start a run now, also of a paused schedule; not while its run is in progress.')
    .argument(...NAME)
    .option('--key <key>', 'what you call this run: repeated with the same key it starts no other')
    .option(...JSON_FLAG)
    .action(async (name: string, flags: TriggerFlags) => {
      const { trigger } = await import('../../actions/schedule/control.ts');
      await trigger(cli, name, flags);
    });

  schedule
    .command('backfill')
    .summary('make up for runs that did not take place')
    .description(
      'Start the runs of a span of time that did not take place, one after the other.\n' +
        'They read the rows as they are now. A time that had its run gets none.',
    )
    .argument(...NAME)
    .requiredOption('--from <time>', 'first day or time, 2026-01-29 or 2026-01-29T02:30:00Z')
    .requiredOption('--to <time>', 'last day (to its end) or time')
    .option('--yes', 'start them without a question')
    .option('--max-runs <n>', 'start up to so many runs', '31')
    .option(...JSON_FLAG)
    .action(async (name: string, flags: BackfillFlags) => {
      const { backfill } = await import('../../actions/schedule/backfill.ts');
      await backfill(cli, name, flags);
    });

  schedule
    .command('delete')
    .summary('take a schedule away')
    .description(
      'Take a schedule away. Runs in progress go on; results stay. Runs that wait to start go with it.',
    )
    .argument(...NAME)
    .option(...JSON_FLAG)
    .action(async (name: string, flags: JsonFlag) => {
      const act = await import('../../actions/schedule/control.ts');
      await act.remove(cli, name, flags);
    });
}
