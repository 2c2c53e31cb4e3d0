import { Option, type Command } from 'commander';
import { PROVIDER_NAMES } from '../../providers/catalog.ts';
import type { InitFlags } from '../actions/init.ts';
import type { Cli } from '../io/context.ts';

export function addInit(program: Command, cli: Cli): void {
  program
    .command('init')
    .summary('write a first pipeline file for a list; spends nothing')
    .description(
      'Read a list, find its key and what to ask about, and write a commented pipeline file.\n' +
        'Asks three questions at a terminal; a flag answers its question. Overwrites nothing.',
    )
    .argument('<file>', 'list of rows (CSV, TSV, JSON Lines or JSON)')
    .addOption(
      new Option('--provider <name>', 'whose AI tables are used')
        .choices(PROVIDER_NAMES)
        .default(PROVIDER_NAMES[0]),
    )
    .option('--key <column>', 'column that identifies a row')
    .option('--input <column>', 'column that is asked about')
    .option('--columns <names>', 'what to ask for, separated by commas')
    .option('--to <path>', 'pipeline file to write', 'pipeline.yaml')
    .option('--yes', 'take the proposals, and ask no questions')
    .addHelpText(
      'after',
      `
Examples:
  rowmill init companies.csv
  rowmill init companies.csv --columns "Sector, CEO" --yes
  rowmill init companies.csv --provider ${PROVIDER_NAMES.at(-1) ?? ''} --to leads.yaml`,
    )
    .action(async (file: string, flags: InitFlags) => {
      const { init } = await import('../actions/init.ts');
      await init(cli, file, flags);
    });
}
