import type { BudgetInfo } from '../../contract/budget.ts';
import { formatCredits } from '../../text/numbers.ts';
import { type Cli, currentUser } from '../io/context.ts';
import { formatCount, formatInteger, zonedAndUtc } from '../io/format.ts';
import { numberFlag } from '../io/number-flag.ts';
import { textTable } from '../io/table.ts';
import { type HereFlags, withRuns } from '../run/runs-session.ts';

export interface BudgetFlags extends HereFlags {
  json?: true;
}

export type RaiseFlags = BudgetFlags;

export interface SetFlags extends BudgetFlags {
  timezone?: string;
}

export async function list(cli: Cli, flags: BudgetFlags): Promise<void> {
  const listed = await withRuns(cli, flags, ({ rowmill }) => rowmill.budgets.list());
  if (flags.json === true) {
    cli.json(listed);
    return;
  }
  const { budgets, unanswered } = listed;
  if (unanswered.length > 0) {
    cli.log(`${cli.style('yellow', 'warning')} no worker answers for ${unanswered.join(', ')}`);
  }
  if (budgets.length + unanswered.length === 0) {
    cli.log('No budgets yet. A pipeline names one in spend.perDay.');
    return;
  }
  if (budgets.length === 0) return;
  const right = (title: string) => ({ title, align: 'right' as const });
  cli.print(
    textTable(
      [
        { title: 'budget', maxWidth: 63 },
        { title: 'day' },
        ...['left', 'of', 'runs', 'waiting'].map(right),
      ],
      budgets.map(({ name, day, left, limit, runs, waiting }) => [
        ...[name, day, formatCredits(left), formatCredits(limit)],
        ...[runs.length, waiting.length].map(formatInteger),
      ]),
    ),
  );
}

export async function show(cli: Cli, name: string, flags: BudgetFlags): Promise<void> {
  const budget = await withRuns(cli, flags, ({ rowmill }) => rowmill.budgets.show(name));
  if (flags.json === true) cli.json(budget);
  else cli.print(textOf(budget));
  const [first] = budget.waiting;
  if (flags.json === true || first === undefined) return;
  const missing = Math.ceil(Math.max(1, first.credits - budget.left));
  cli.log(`Let ${first.run} go on: rowmill budget raise ${name} ${missing}`);
}

export async function set(cli: Cli, name: string, text: string, flags: SetFlags): Promise<void> {
  const maxCredits = numberFlag('<credits>', text, { min: 0, max: MAX_CREDITS });
  const { timezone } = flags;
  const budget = await withRuns(cli, flags, ({ rowmill }) =>
    rowmill.budgets.set(name, { maxCredits, timezone }),
  );
  if (flags.json === true) {
    cli.json(budget);
    return;
  }
  cli.print(`${name}: ${formatCredits(budget.maxCredits)} credits a day (${budget.timezone})`);
  cli.log('The files that name it have to say the same: spend.perDay.');
}

export async function raise(
  cli: Cli,
  name: string,
  text: string,
  flags: RaiseFlags,
): Promise<void> {
  const credits = numberFlag('<credits>', text, { min: 0.000001, max: MAX_CREDITS });
  const by = currentUser() ?? undefined;
  const budget = await withRuns(cli, flags, ({ rowmill }) =>
    rowmill.budgets.raise(name, { credits, by }),
  );
  if (flags.json === true) {
    cli.json(budget);
    return;
  }
  const { left, day, waiting } = budget;
  const more = `${formatCredits(credits)} credits more for ${day}, ${formatCredits(left)} left`;
  cli.print(`${name}: ${more}`);
  if (waiting.length > 0) cli.log(`${formatCount(waiting.length, 'run')} waited for it.`);
}

const MAX_CREDITS = 1e12;

function textOf(budget: BudgetInfo): string {
  const { name, timezone, day, endsAtMs, left, limit, reserved, maxCredits } = budget;
  const { raises, pipelines, runs, waiting } = budget;
  const raised = raises.map(({ credits, by }) => {
    const who = by === null ? '' : ` by ${by}`;
    return `${formatCredits(credits)}${who}`;
  });
  const ends = zonedAndUtc(new Date(endsAtMs).toISOString(), timezone);
  const facts = [
    ['left', `${formatCredits(left)} of ${formatCredits(limit)} credits, until ${ends}`],
    ['reserved', `${formatCredits(reserved)} credits on ${day}`],
    ['a day', `${formatCredits(maxCredits)} credits (${timezone})`],
    ...(raised.length === 0 ? [] : [['raised', raised.join(', ')]]),
    ['pipelines', pipelines.length === 0 ? 'none so far' : pipelines.join(', ')],
    ...runs.map(({ run, credits, passes }) => [
      'run',
      `${run}: ${formatCredits(credits)} credits, ${formatCount(passes, 'pass', 'passes')}`,
    ]),
    ...waiting.map(({ run, credits }) => [
      'waits',
      `${run}: for ${formatCredits(credits)} credits`,
    ]),
  ];
  return textTable([{ title: 'budget' }, { title: name, maxWidth: 200 }], facts);
}
