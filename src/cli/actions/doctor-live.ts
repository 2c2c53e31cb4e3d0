import { EXIT, RowmillError } from '../../errors.ts';
import { baseUrlOf } from '../../providers/facts-store.ts';
import type { Finding } from '../../providers/live-run.ts';
import { LIVE_PACE, paceOf, type LivePace } from '../../providers/live-check.ts';
import { DURATION_ALLOWED, parseDuration } from '../../spec/index.ts';
import { isYes } from '../io/prompt-approval.ts';
import { isInteractive, type Cli, type Env } from '../io/context.ts';
import { askLive, candidates, type Candidate, type Checked } from '../doctor/live.ts';
import { interruption } from '../run/signals.ts';

export interface LiveFlags {
  json?: true;
  yes?: true;
  provider?: string;
  facts?: string;
  settle?: string;
}

/** Asks the operator's own account what no documentation answers; deletes the tables it makes. */
export async function doctorLive(cli: Cli, flags: LiveFlags): Promise<void> {
  const env = flags.facts === undefined ? cli.env : { ...cli.env, ROWMILL_FACTS: flags.facts };
  const all = candidates(env, flags.provider, paceIn(flags));
  for (const candidate of all) cli.log(offer(candidate, env));
  await confirm(cli, all, flags.yes === true);
  const stop = interruption();
  const { signal } = stop;
  const done: Checked[] = [];
  try {
    for (const candidate of all) {
      if (flags.json !== true) cli.print(`${candidate.spec.name}:`);
      const onFinding = (finding: Finding): void => {
        if (flags.json !== true) cli.print(lineOf(finding));
      };
      const checked = await askLive(candidate, env, { signal, onFinding });
      done.push(checked);
      if (flags.json !== true) cli.print(endOf(checked));
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    cli.log('Interrupted: what was made has been deleted, no facts were written.');
    cli.exitWith(EXIT.interrupted);
    return;
  } finally {
    stop.release();
  }
  if (flags.json === true) cli.json({ providers: done.map(asJson) });
  for (const { report } of done) {
    for (const left of report.stillThere)
      cli.log(`${cli.style('yellow', 'warning')} still there: ${left}`);
    if (report.stillThere.length > 0) cli.exitWith(EXIT.failed);
  }
}

function paceIn({ settle }: LiveFlags): LivePace {
  if (settle === undefined) return LIVE_PACE;
  const settleMs = parseDuration(settle);
  if (settleMs !== null && settleMs > 0) return paceOf(settleMs);
  throw new RowmillError('usage', `--settle: ${DURATION_ALLOWED}`);
}

const offer = ({ spec, check }: Candidate, env: Env): string => {
  const { max, unit } = check.budget;
  return (
    `${spec.name} (${baseUrlOf(spec, env)}): at most ${max} ${unit}, for one table of two rows ` +
    'that is deleted again. The free questions come first.'
  );
};

/**
 * Asks before credits are spent. @throws RowmillError `usage` without a terminal, `spend_refused`
 * after a "no"
 */
async function confirm(cli: Cli, all: readonly Candidate[], yes: boolean): Promise<void> {
  if (yes) return;
  const what = all.map(({ check: { budget } }) => `${budget.max} ${budget.unit}`).join(' and ');
  if (!isInteractive(cli)) {
    throw new RowmillError('usage', `--live may spend up to ${what}, and nothing was confirmed`, {
      remedy: 'Confirm it with --yes, or run it in a terminal.',
    });
  }
  if (await isYes(cli, `Spend up to ${what}? [y/N] `)) return;
  throw new RowmillError('spend_refused', 'not confirmed; nothing was asked', {
    remedy: 'Run the same command again, or with --yes.',
  });
}

const WORD = { holds: 'holds  ', differs: 'DIFFERS', noted: 'noted  ', open: 'open   ' } as const;
const NAME_COLUMNS = 24;

function lineOf({ name, verdict, found, expected, means }: Finding): string {
  const line = `  ${WORD[verdict]}  ${name.padEnd(NAME_COLUMNS)}${found}`;
  if (means === null) return line;
  const indent = ' '.repeat(11 + NAME_COLUMNS);
  return [line, `${indent}expected: ${expected ?? ''}`, `${indent}→ ${means}`].join('\n');
}

function endOf({ unit, report, factsFile }: Checked): string {
  const { spent, leftoversDeleted } = report;
  const said = [
    spent === null ? 'what was spent is not known' : `spent: ${spent} ${unit}`,
    ...(leftoversDeleted === 0 ? [] : [`${leftoversDeleted} left by an earlier check deleted`]),
    `facts: ${factsFile}`,
  ];
  return `  ${said.join('; ')}`;
}

const asJson = ({ provider, unit, factsFile, report }: Checked) => ({
  provider,
  spent: report.spent,
  unit,
  facts: report.findings,
  leftoversDeleted: report.leftoversDeleted,
  stillThere: report.stillThere,
  factsFile,
});
