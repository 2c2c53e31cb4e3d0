import { createInterface } from 'node:readline/promises';
import type { WorkflowExecutionInfo } from '@temporalio/client';
import { cancelRun } from '../client/cancel-run.ts';
import { endOfRun } from '../client/follow.ts';
import { WORKFLOW_TYPE } from '../contract/names.ts';
import { isInteractive, type Cli } from './context.ts';
import { count, dateTime } from './figures.ts';
import { isAsleep, type Session } from './session.ts';

type Unfinished = Pick<
  WorkflowExecutionInfo,
  'workflowId' | 'runId' | 'taskQueue' | 'startTime' | 'memo'
>;

type Answer = 'resume' | 'cancel' | 'leave';

/**
 * Names the other runs that earlier commands left unfinished in the state folder, and asks what becomes
 * of them. Without a terminal they stay asleep: none spends a credit without the operator's word.
 */
export async function askAboutUnfinished(
  cli: Cli,
  session: Session,
  isWanted: (run: Unfinished) => boolean,
  signal: AbortSignal,
): Promise<void> {
  const others = (await unfinishedRuns(session)).filter((run) => !isWanted(run));
  const [first] = others;
  if (first === undefined) return;
  cli.say(`${count(others.length, 'unfinished run')} of earlier commands here:`);
  for (const { workflowId, startTime } of others) {
    cli.say(`  ${workflowId}, started ${dateTime(startTime)}`);
  }
  const answer = isInteractive(cli) ? await ask(cli) : 'leave';
  if (answer === 'leave') {
    const { workflowId } = first;
    cli.say(`Left asleep: nothing is asked for or paid. \`rowmill resume ${workflowId}\` goes on,`);
    cli.say(`\`rowmill cancel ${workflowId}\` publishes what is there and ends it.`);
  }
  for (const run of others) await settle(cli, session, run, answer, signal);
}

/** Unfinished runs that no live worker serves. */
async function unfinishedRuns(session: Session): Promise<Unfinished[]> {
  const query = `WorkflowType = '${WORKFLOW_TYPE}' AND ExecutionStatus = 'Running'`;
  const found: Unfinished[] = [];
  for await (const run of session.client.workflow.list({ query })) {
    if (await isAsleep(session, run)) found.push(run);
  }
  return found;
}

async function settle(
  cli: Cli,
  session: Session,
  run: Unfinished,
  answer: Answer,
  signal: AbortSignal,
): Promise<void> {
  if (answer === 'leave') return;
  if (answer === 'cancel') await cancelAsleep(cli, session, run, signal);
  else await session.wake?.(run.taskQueue);
}

/** Cancels a run that is asleep, and stays until it has published what is there. */
export async function cancelAsleep(
  cli: Cli,
  session: Session,
  { workflowId, runId, taskQueue }: Pick<Unfinished, 'workflowId' | 'runId' | 'taskQueue'>,
  signal?: AbortSignal,
): Promise<void> {
  const { client, broken } = session;
  await cancelRun(client, workflowId);
  await session.wake?.(taskQueue);
  const summary = await endOfRun({ client, workflowId, runId, signal, broken });
  if (summary !== null) cli.say(`${workflowId}: ${summary.outcome}`);
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
