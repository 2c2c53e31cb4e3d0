import {
  allHandlersFinished,
  ApplicationFailure,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  defineUpdate,
  getExternalWorkflowHandle,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import {
  type BudgetDay,
  type BudgetInfo,
  type BudgetJoin,
  type BudgetRelease,
  type BudgetRequest,
  type BudgetSettings,
  type Reservation,
  type WaitingRun,
} from '../src/contract/budget.ts';
import {
  budgetDay,
  budgetInfo,
  currentBudget,
  fitsBudget,
  joinBudget,
  joinConflict,
  newBudget,
  releaseReservation,
  reserveBudget,
  runsThatFit,
  withoutWaiting,
  type BudgetState,
} from '../src/rules/spend/day-budget.ts';
import {
  checkJoin,
  checkNewBudget,
  checkRaise,
  checkRelease,
  checkRequest,
  checkSettings,
  checkWaiting,
} from '../src/rules/input/budget-input.ts';

/** Argument of a budget: its name and settings, or the state of the execution before. */
export interface BudgetArgument {
  name: string;
  settings: BudgetSettings;
  /** State from the previous execution of the same chain. */
  carried?: BudgetState;
}

const budgetQuery = defineQuery<BudgetInfo>('budget');
const waitingSignal = defineSignal<[WaitingRun]>('waiting');
const releasedSignal = defineSignal<[BudgetRelease]>('released');
const changedSignal = defineSignal('budgetChanged');
const joinUpdate = defineUpdate<BudgetDay, [BudgetJoin]>('join');
const reserveUpdate = defineUpdate<Reservation, [BudgetRequest]>('reserve');
const raiseUpdate = defineUpdate<BudgetInfo, [{ credits: number; by?: string }]>('raise');
const setUpdate = defineUpdate<BudgetInfo, [Partial<BudgetSettings>]>('set');

/**
 * The credits that all runs of a budget may ask for on a day. Every pass reserves its credits here
 * before it is sent. The workflow never ends: a new one would know nothing of the day so far.
 */
export async function dayBudget(argument: BudgetArgument): Promise<void> {
  refuse(checkNewBudget(argument));
  const { name, settings, carried } = argument;
  // Only an execution of the same chain carries a state.
  const goesOn = (workflowInfo().continuedFromExecutionRunId ?? '') !== '';
  let state: BudgetState = (goesOn ? carried : undefined) ?? newBudget(name, settings);
  let newsFor: string[] = [];
  const change = (next: BudgetState): void => {
    state = next;
  };
  const wakeWaiting = (): void => {
    newsFor = [...new Set([...newsFor, ...runsThatFit(state, Date.now())])];
  };

  setHandler(budgetQuery, () => budgetInfo(state, Date.now()), {
    description: 'Credits of the day, reservations, pipelines and waiting runs. No input.',
  });
  setHandler(
    joinUpdate,
    (join) => {
      change(joinBudget(state, join, Date.now()));
      wakeWaiting();
      return budgetDay(state, Date.now());
    },
    {
      description: 'A run begins to use the budget. Sent by runs.',
      validator: (join: BudgetJoin) => {
        refuse(checkJoin(join));
        const conflict = joinConflict(state, join, Date.now());
        if (conflict !== null) throw conflictOf(state.name, conflict);
      },
    },
  );
  setHandler(
    reserveUpdate,
    (request) => {
      change(reserveBudget(state, request, Date.now()));
      return { granted: true, ...budgetDay(state, Date.now()) };
    },
    {
      description: 'Reserve the credits of a pass. Sent by runs.',
      // Rejected, it leaves no event, and the same id may ask again.
      validator: (request: BudgetRequest) => {
        refuse(checkRequest(request));
        if (!fitsBudget(state, request, Date.now())) throw emptyBudget(state);
      },
    },
  );
  setHandler(
    raiseUpdate,
    ({ credits, by }) => {
      const raise = { credits, by: by ?? null, atMs: Date.now() };
      const current = currentBudget(state, Date.now());
      change({ ...current, raises: [...current.raises, raise] });
      wakeWaiting();
      return budgetInfo(state, Date.now());
    },
    {
      description:
        'Raise the credits of this day; runs that wait go on. Input: {"credits": 2000, "by": "who"}',
      validator: (request) => refuse(checkRaise(request)),
    },
  );
  setHandler(
    setUpdate,
    ({ maxCredits, timezone }) => {
      const { settings } = state;
      const next = {
        maxCredits: maxCredits ?? settings.maxCredits,
        timezone: timezone ?? settings.timezone,
      };
      change({ ...state, settings: next });
      wakeWaiting();
      return budgetInfo(state, Date.now());
    },
    {
      description:
        'Set the credits a day, the time zone, or both. Input: {"maxCredits": 12000, "timezone": "UTC"}',
      validator: (settings) => refuse(checkSettings(settings)),
    },
  );
  setHandler(
    waitingSignal,
    (waiting) => {
      // A signal has no validator, and an error here would stall the budget.
      if (checkWaiting(waiting) !== null) return;
      const { run, credits, sinceMs } = waiting;
      change({ ...state, waiting: { ...state.waiting, [run]: { credits, sinceMs } } });
      // There may be room since the run was refused.
      wakeWaiting();
    },
    { description: 'A run waits for room in the budget. Sent by runs.' },
  );
  setHandler(
    releasedSignal,
    (release) => {
      if (checkRelease(release) !== null) return;
      change(releaseReservation(state, release));
      wakeWaiting();
    },
    { description: 'A run has ended without sending a pass that it had reserved. Sent by runs.' },
  );

  for (;;) {
    const isLong = (): boolean => workflowInfo().continueAsNewSuggested;
    await condition(() => newsFor.length > 0 || isLong());
    for (const run of newsFor.splice(0)) {
      if (!(await inform(run))) change(withoutWaiting(state, run));
    }
    if (!isLong()) continue;
    await condition(allHandlersFinished);
    if (newsFor.length > 0) continue;
    await continueAsNew<typeof dayBudget>({
      name,
      settings: state.settings,
      carried: currentBudget(state, Date.now()),
    });
  }
}

/** Informs a waiting run; `false` for one that has ended. */
async function inform(run: string): Promise<boolean> {
  try {
    await getExternalWorkflowHandle(run).signal(changedSignal);
    return true;
  } catch {
    return false;
  }
}

function refuse(issue: string | null): void {
  if (issue !== null) throw refusal('usage', issue, 'Correct the input.');
}

function emptyBudget(state: BudgetState): ApplicationFailure {
  const day = budgetDay(state, Date.now());
  const left = day.limit - day.reserved;
  const what = `budget ${state.name} has ${left} of ${day.limit} credits left on ${day.day}`;
  const remedy = `Wait for the next day, or: rowmill budget raise ${state.name} CREDITS`;
  return refusal('budget_empty', what, remedy, day);
}

const conflictOf = (name: string, what: string): ApplicationFailure =>
  refusal(
    'budget_conflict',
    what,
    `Write the same limit and zone into all their files, and set it: rowmill budget set ${name} CREDITS --timezone ZONE`,
  );

/** The details are those of every other failure (activities/runtime/failure.ts). */
function refusal(code: string, what: string, remedy: string, day?: BudgetDay): ApplicationFailure {
  const details = { what, where: null, remedy, requestId: null, ...day };
  return ApplicationFailure.nonRetryable(`${what}. ${remedy}`, code, details);
}
