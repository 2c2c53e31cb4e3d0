import type { Command } from 'commander';
import type { BudgetFlags, RaiseFlags, SetFlags } from '../actions/budget.ts';
import type { Cli } from '../io/context.ts';

const NAME = ['<budget>', 'name of the budget, `spend.perDay.budget`'] as const;
const JSON_FLAG = ['--json', 'one JSON object on stdout'] as const;
const EMBEDDED = ['--embedded', 'the state of embedded runs in this folder'] as const;

export function addBudget(program: Command, cli: Cli): void {
  const budget = program
    .command('budget')
    .summary('day budgets that pipelines share')
    .description('Show and change day budgets, which pipelines share by name (`spend.perDay`).')
    .addHelpText(
      'after',
      `
Examples:
  rowmill budget list
  rowmill budget show gtm
  rowmill budget raise gtm 2000
  rowmill budget set gtm 12000 --timezone Europe/Berlin`,
    );

  budget
    .command('list')
    .summary('list budgets')
    .description('List budgets: what is left today, and how many runs wait.')
    .option(...JSON_FLAG)
    .option(...EMBEDDED)
    .action(async (flags: BudgetFlags) => {
      const { list } = await import('../actions/budget.ts');
      await list(cli, flags);
    });

  budget
    .command('show')
    .summary('show one budget')
    .description('Show one budget: its day, who has reserved, which runs wait.')
    .argument(...NAME)
    .option(...JSON_FLAG)
    .option(...EMBEDDED)
    .action(async (name: string, flags: BudgetFlags) => {
      const { show } = await import('../actions/budget.ts');
      await show(cli, name, flags);
    });

  budget
    .command('set')
    .summary('set the credits a day')
    .description('Set the credits a day, and the time zone. Makes the budget if there is none.')
    .argument(...NAME)
    .argument('<credits>', 'credits a day')
    .option('--timezone <zone>', 'IANA time zone, whose midnight ends a day')
    .option(...JSON_FLAG)
    .option(...EMBEDDED)
    .action(async (name: string, credits: string, flags: SetFlags) => {
      const { set } = await import('../actions/budget.ts');
      await set(cli, name, credits, flags);
    });

  budget
    .command('raise')
    .summary('add credits for today')
    .description('Add credits to those of today, until midnight. Runs that wait go on.')
    .argument(...NAME)
    .argument('<credits>', 'credits to add')
    .option(...JSON_FLAG)
    .option(...EMBEDDED)
    .action(async (name: string, credits: string, flags: RaiseFlags) => {
      const { raise } = await import('../actions/budget.ts');
      await raise(cli, name, credits, flags);
    });
}
