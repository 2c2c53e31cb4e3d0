import type {
  BudgetDay,
  BudgetInfo,
  BudgetJoin,
  BudgetRaise,
  BudgetRelease,
  BudgetRequest,
  BudgetSettings,
  WaitingRun,
} from '../../contract/budget.ts';
import { zonedDay } from './zoned-day.ts';

/** Everything that a day budget knows. Plain data, carried through continue-as-new. */
export interface BudgetState {
  name: string;
  settings: BudgetSettings;
  /** Pipelines that name the budget, with the time of their newest run, epoch ms. */
  pipelines: Record<string, number>;
  /** Reservations of the current day, by run and pass. */
  reservations: Record<string, BudgetReservation>;
  raises: BudgetRaise[];
  /** Runs that wait for room, by workflow id. */
  waiting: Record<string, Omit<WaitingRun, 'run'>>;
}

interface BudgetReservation {
  run: string;
  pipeline: string;
  credits: number;
  atMs: number;
}

/** A pipeline that has not used its budget for so long no longer binds its settings. */
const MAX_UNUSED_MS = 30 * 86_400_000;

export const newBudget = (name: string, { maxCredits, timezone }: BudgetSettings): BudgetState => ({
  name,
  settings: { maxCredits, timezone },
  pipelines: {},
  reservations: {},
  raises: [],
  waiting: {},
});

/** Returns the state without what belongs to earlier days. */
export function currentBudget(state: BudgetState, nowMs: number): BudgetState {
  const { startsAtMs } = zonedDay(state.settings.timezone, nowMs);
  const keep = <T>(all: Record<string, T>, isCurrent: (one: T) => boolean): Record<string, T> =>
    Object.fromEntries(Object.entries(all).filter(([, one]) => isCurrent(one)));
  return {
    ...state,
    pipelines: keep(state.pipelines, (usedAtMs) => usedAtMs > nowMs - MAX_UNUSED_MS),
    reservations: keep(state.reservations, ({ atMs }) => atMs >= startsAtMs),
    raises: state.raises.filter(({ atMs }) => atMs >= startsAtMs),
    // At the end of a day every waiting run asks again.
    waiting: keep(state.waiting, ({ sinceMs }) => sinceMs >= startsAtMs),
  };
}

export function budgetDay(state: BudgetState, nowMs: number): BudgetDay {
  const { settings, reservations, raises } = currentBudget(state, nowMs);
  const { day, endsAtMs } = zonedDay(settings.timezone, nowMs);
  return {
    day,
    endsAtMs,
    limit: settings.maxCredits + sum(raises.map(({ credits }) => credits)),
    reserved: sum(Object.values(reservations).map(({ credits }) => credits)),
  };
}

/** Returns why a pipeline may not use the budget as its file says; `null`: it may. */
export function joinConflict(
  state: BudgetState,
  { pipeline, maxCredits, timezone }: BudgetJoin,
  nowMs: number,
): string | null {
  const { name, settings, pipelines } = currentBudget(state, nowMs);
  if (settings.maxCredits === maxCredits && settings.timezone === timezone) return null;
  const others = Object.keys(pipelines).filter((other) => other !== pipeline);
  if (others.length === 0) return null;
  const is = `${settings.maxCredits} credits a day (${settings.timezone})`;
  const by = others.sort().slice(0, MAX_NAMED).join(', ');
  const more = others.length > MAX_NAMED ? ', …' : '';
  return `budget ${name} has ${is} and is shared with ${by}${more}; ${pipeline} says ${maxCredits} credits (${timezone})`;
}

const MAX_NAMED = 5;

/** A pipeline that is alone with its budget decides about it. */
export function joinBudget(state: BudgetState, join: BudgetJoin, nowMs: number): BudgetState {
  const { maxCredits, timezone, pipeline } = join;
  const current = currentBudget(state, nowMs);
  return {
    ...current,
    settings: { maxCredits, timezone },
    pipelines: { ...current.pipelines, [pipeline]: nowMs },
  };
}

/** Checks whether the credits of a pass fit; those that it has reserved today count once. */
export function fitsBudget(
  state: BudgetState,
  { id, credits }: Pick<BudgetRequest, 'id' | 'credits'>,
  nowMs: number,
): boolean {
  const { limit, reserved } = budgetDay(state, nowMs);
  const own = currentBudget(state, nowMs).reservations[id]?.credits ?? 0;
  // A repeated reservation is the same one, also after the budget was lowered.
  return credits <= own || reserved - own + credits <= limit + ROUNDING;
}

/** Sums of binary fractions are off by less; no price is as small. */
const ROUNDING = 1e-9;

/** Reserves the credits of a pass. A reservation never shrinks. */
export function reserveBudget(
  state: BudgetState,
  { id, run, pipeline, credits }: BudgetRequest,
  nowMs: number,
): BudgetState {
  const current = currentBudget(state, nowMs);
  const own = current.reservations[id];
  const reservation =
    own === undefined
      ? { run, pipeline, credits, atMs: nowMs }
      : { ...own, credits: Math.max(own.credits, credits) };
  return {
    ...withoutWaiting(current, run),
    pipelines: { ...current.pipelines, [pipeline]: nowMs },
    reservations: { ...current.reservations, [id]: reservation },
  };
}

/** Releases the reservation of a pass that was never sent. One of an earlier day has already expired. */
export function releaseReservation(
  state: BudgetState,
  { run, firstRunId, pass }: BudgetRelease,
): BudgetState {
  const ending = `/${firstRunId}/${pass}`;
  const reservations = Object.fromEntries(
    Object.entries(state.reservations).filter(
      ([id, one]) => one.run !== run || !id.endsWith(ending),
    ),
  );
  return { ...state, reservations };
}

export function withoutWaiting(state: BudgetState, run: string): BudgetState {
  const { [run]: _gone, ...waiting } = state.waiting;
  return { ...state, waiting };
}

/** Lists the waiting runs whose pass would fit, the longest waiting first. */
export function runsThatFit(state: BudgetState, nowMs: number): string[] {
  const { limit, reserved } = budgetDay(state, nowMs);
  const { waiting } = currentBudget(state, nowMs);
  let left = limit - reserved + ROUNDING;
  return Object.entries(waiting)
    .sort(([, a], [, b]) => a.sinceMs - b.sinceMs)
    .flatMap(([run, { credits }]) => {
      if (credits > left) return [];
      left -= credits;
      return [run];
    });
}

export function budgetInfo(state: BudgetState, nowMs: number): BudgetInfo {
  const current = currentBudget(state, nowMs);
  const day = budgetDay(state, nowMs);
  const runs = new Map<string, BudgetInfo['runs'][number]>();
  for (const { run, pipeline, credits } of Object.values(current.reservations)) {
    const known = runs.get(run) ?? { run, pipeline, passes: 0, credits: 0 };
    runs.set(run, { ...known, passes: known.passes + 1, credits: known.credits + credits });
  }
  return {
    name: state.name,
    ...state.settings,
    ...day,
    left: Math.max(0, exact(day.limit - day.reserved)),
    raises: current.raises,
    pipelines: Object.keys(current.pipelines).sort(),
    runs: [...runs.values()],
    waiting: Object.entries(current.waiting).map(([run, wait]) => ({ run, ...wait })),
  };
}

const sum = (credits: readonly number[]): number =>
  exact(credits.reduce((all, one) => all + one, 0));

const exact = (credits: number): number => Number(credits.toFixed(9));
