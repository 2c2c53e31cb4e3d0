import { createInterface } from 'node:readline/promises';
import type { RowmillRun } from '../../client/rowmill-run.ts';
import type { CancelRequest } from '../../contract/run.ts';
import { currentUser, isInteractive, type Cli } from '../io/context.ts';
import { formatCount, formatDateTime } from '../io/format.ts';
import { unlessBroken } from './follow.ts';
import { isAsleep, type Session } from './session.ts';

interface Unfinished {
  run: RowmillRun;
  startedAt: Date;
}

type Answer = 'resume' | 'cancel' | 'leave';

/**
 * Lists the other runs that earlier commands left unfinished in the state folder, and asks what to
 * do. Without a terminal they stay asleep: none spends a credit without an operator's consent.
 */
export async function askAboutUnfinished(
  cli: Cli,
  session: Session,
  isWanted: (id: string) => boolean,
  signal: AbortSignal,
): Promise<void> {
  const others = (await unfinishedRuns(session)).filter(({ run }) => !isWanted(run.id));
  const [first] = others;
  if (first === undefined) return;
  cli.log(`${formatCount(others.length, 'unfinished run')} of earlier commands here:`);
  for (const { run, startedAt } of others) {
    cli.log(`  ${run.id}, started ${formatDateTime(startedAt)}`);
  }
  const answer = isInteractive(cli) ? await ask(cli) : 'leave';
  if (answer === 'leave') {
    const { id } = first.run;
    cli.log(`Left asleep: nothing is asked for or paid. \`rowmill resume ${id}\` goes on,`);
    cli.log(`\`rowmill cancel ${id}\` publishes what is there and ends it.`);
  }
  for (const { run } of others) await settle(cli, session, run, answer, signal);
}

/** Lists unfinished runs without a live worker. */
async function unfinishedRuns(session: Session): Promise<Unfinished[]> {
  const found: Unfinished[] = [];
  for await (const { workflowId, startedAt } of session.rowmill.each({ status: 'Running' })) {
    const run = await session.rowmill.attach(workflowId);
    if (await isAsleep(session, run)) found.push({ run, startedAt: new Date(startedAt) });
  }
  return found;
}

async function settle(
  cli: Cli,
  session: Session,
  run: RowmillRun,
  answer: Answer,
  signal: AbortSignal,
): Promise<void> {
  if (answer === 'leave') return;
  if (answer === 'cancel') await cancelAsleep(cli, session, run, signal);
  else await session.wake?.(run.taskQueue);
}

/** Request to cancel with the name of the operator, where the system knows it. */
export function cancelRequest(): CancelRequest {
  const by = currentUser();
  return by === null ? {} : { by };
}

/** Cancels a run that is asleep, and waits until it has published its answers. */
export async function cancelAsleep(
  cli: Cli,
  session: Session,
  run: RowmillRun,
  signal?: AbortSignal,
): Promise<void> {
  await run.cancel(cancelRequest());
  await session.wake?.(run.taskQueue);
  const over = new AbortController();
  const signals = signal === undefined ? [over.signal] : [signal, over.signal];
  try {
    const ended = run.wait({ signal: AbortSignal.any(signals) });
    const summary = await unlessBroken(ended, session.broken);
    if (summary !== null) cli.log(`${run.id}: ${summary.outcome}`);
  } finally {
    over.abort();
  }
}

const ANSWERS: Readonly<Record<string, Answer>> = {
  r: 'resume',
  c: 'cancel',
  l: 'leave',
  '': 'leave',
};

async function ask(cli: Cli): Promise<Answer> {
  const lines = createInterface({ input: cli.stdin, output: cli.stderr });
  const ended = new AbortController();
  // Ctrl-C and Ctrl-D spend nothing.
  lines.once('SIGINT', () => ended.abort()).once('close', () => ended.abort());
  try {
    for (;;) {
      const question = '[r]esume them beside this one, [c]ancel them, or [L]eave them asleep? ';
      const text = await lines.question(question, { signal: ended.signal });
      const answer = ANSWERS[text.trim().toLowerCase().slice(0, 1)];
      if (answer !== undefined) return answer;
    }
  } catch (error) {
    if (!ended.signal.aborted) throw error;
    return 'leave';
  } finally {
    lines.close();
  }
}
