import {
  ApplicationFailure,
  CancellationScope,
  condition,
  getExternalWorkflowHandle,
  log,
  patched,
} from '@temporalio/workflow';
import {
  BUDGET_RELEASE_SIGNAL,
  BUDGET_SIGNAL,
  budgetWorkflowId,
  type BudgetRelease,
  type BudgetWait,
  type DayBudgetPolicy,
} from '../../src/contract/budget.ts';
import type { RunSummary } from '../../src/contract/run.ts';
import { formatTime } from '../../src/text/numbers.ts';
import { budgetText } from '../../src/text/run-facts.ts';
import { waitWhilePaused } from '../control/pause.ts';
import { failureOf, wasCancelled } from '../failures.ts';
import * as steps from '../activities.ts';
import type { Run } from '../run.ts';

/** Begins to use the day budget of the pipeline, if it names one; refused where others say otherwise. */
export async function joinBudget(run: Run): Promise<void> {
  const { state, pipeline, key } = run;
  const { perDay } = pipeline.spend;
  if (perDay === undefined || state.budget !== undefined) return;
  await steps.joinBudget.executeWithOptions(run.within(`Use the day budget ${perDay.budget}`), [
    { run: key, pipeline: pipeline.name, policy: perDay, credits: run.estimatedCredits },
  ]);
  state.budget = { credits: 0, wait: null };
}

/** Reservation of a pass. */
export interface Reserved {
  credits: number;
  /** End of the day that it is of, epoch ms: a pass that is sent later reserves again. */
  endsAtMs: number;
}

/**
 * Reserves the credits of the next pass in the day budget; `null` for a pipeline without one. While the budget
 * is empty, waits for the next day, for a raise, or for `resume`.
 * @param cellsBeyond Approved cells that the provider runs beside those of the pass
 * @throws `deadline_reached`
 */
export async function reservePass(
  run: Run,
  creditsOfPass: number,
  cellsBeyond: number,
): Promise<Reserved | null> {
  const { state, pipeline, key, spend } = run;
  const { perDay } = pipeline.spend;
  if (perDay === undefined) return null;
  const credits = creditsOfPass + cellsBeyond * spend.creditsPerCell;
  const pass = state.passes + 1;
  const input = { run: key, pipeline: pipeline.name, policy: perDay, pass, credits };
  const interrupted = state.stage;
  for (;;) {
    const summary = `Reserve pass ${pass} in the day budget ${perDay.budget}`;
    const { granted, ...day } = await steps.reserveBudget.executeWithOptions(run.within(summary), [
      { ...input, isRaised: cellsBeyond > 0 },
    ]);
    if (granted) {
      useOf(run).wait = null;
      if (state.stage !== interrupted) run.enter(interrupted);
      return { credits, endsAtMs: day.endsAtMs };
    }
    await waitForBudget(run, perDay, { budget: perDay.budget, credits, ...day });
  }
}

/** A clock that is behind must not ask again and again. */
const MIN_WAIT_MS = 1_000;

async function waitForBudget(run: Run, { budget }: DayBudgetPolicy, wait: BudgetWait) {
  useOf(run).wait = wait;
  run.enter('waiting for budget');
  const news = { came: false };
  run.interrupt = () => {
    news.came = true;
  };
  const untilMs = Math.max(wait.endsAtMs, Date.now() + MIN_WAIT_MS);
  try {
    await announce(budget, { run: run.key.workflowId, credits: wait.credits, sinceMs: Date.now() });
    const summary = `Wait for room in the day budget ${budget}, until ${formatTime(untilMs)} at most`;
    while (!news.came && Date.now() < untilMs && !run.isLate()) {
      const forMs = Math.min(untilMs - Date.now(), run.leftMs());
      await condition(() => news.came, forMs, { summary });
    }
  } finally {
    run.interrupt = null;
  }
  await waitWhilePaused(run);
  if (run.isLate()) {
    const what = `the deadline was reached: ${budgetText(wait)}`;
    throw ApplicationFailure.nonRetryable(what, 'deadline_reached');
  }
}

/** Notes that the reserved pass is not sent so far, unless an earlier try may have sent it. */
export function noteReserved(run: Run, mayBeSent: boolean): void {
  const pass = run.state.passes + 1;
  const use = useOf(run);
  if (mayBeSent || use.sentPass === pass) return;
  use.unsentPass = pass;
}

/** Notes that the reserved pass was sent, or may have been. */
export function noteSent(run: Run): void {
  const { budget } = run.state;
  if (budget === undefined) return;
  budget.sentPass = run.state.passes + 1;
  delete budget.unsentPass;
}

/** Releases what the run has reserved and never sent, so that other runs of the day may use it. */
export async function releaseBudget(run: Run): Promise<void> {
  const { state, pipeline, key } = run;
  const pass = state.budget?.unsentPass;
  // Before a reservation the pipeline may not have been checked yet.
  const perDay = pass === undefined ? undefined : pipeline.spend.perDay;
  if (perDay === undefined || pass === undefined || run.continuesAsNew) return;
  if (!patched('release-budget')) return;
  try {
    await CancellationScope.nonCancellable(async () => {
      const budget = getExternalWorkflowHandle(budgetWorkflowId(perDay.budget));
      await budget.signal(BUDGET_RELEASE_SIGNAL, {
        run: key.workflowId,
        firstRunId: key.firstRunId,
        pass,
      } satisfies BudgetRelease);
    });
  } catch (error) {
    log.warn('the day budget keeps a reservation that was not used', {
      error: failureOf(error).message,
    });
  }
}

/** Lets the budget know who waits; without it the run goes on at the end of the day. */
async function announce(budget: string, waiting: object): Promise<void> {
  try {
    await getExternalWorkflowHandle(budgetWorkflowId(budget)).signal(BUDGET_SIGNAL, waiting);
  } catch (error) {
    if (wasCancelled(error)) throw error;
    log.warn('the day budget does not know that the run waits', { error: String(error) });
  }
}

/** Day budget of a run for its summary. */
export function budgetOf({ state, pipeline }: Run): Pick<RunSummary, 'budget'> {
  const { perDay } = state.budget === undefined ? {} : pipeline.spend;
  if (perDay === undefined) return {};
  return { budget: { name: perDay.budget, credits: state.budget?.credits ?? 0 } };
}

const useOf = ({ state }: Run) => (state.budget ??= { credits: 0, wait: null });
