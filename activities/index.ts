import type { MainStep, PollStep } from '../src/contract/names.ts';
import { awaitAccount, checkCredits } from './account.ts';
import { awaitIdle } from './await-idle.ts';
import { cancelQueuedCells } from './cancel-queued-cells.ts';
import { changeInputs } from './change-inputs.ts';
import { collectResults } from './collect-results.ts';
import type { ActivityDeps } from './runtime/deps.ts';
import { ensureTable } from './ensure-table.ts';
import { joinBudget } from './join-budget.ts';
import { loadRows } from './load-rows.ts';
import { matchColumns } from './match-columns.ts';
import { openNight } from './open-night.ts';
import { prepareRows } from './prepare-rows.ts';
import { publishResults } from './publish-results.ts';
import { recordNotifications, sendNotification } from './notify.ts';
import { reserveBudget } from './reserve-budget.ts';
import { startPass } from './start-pass.ts';

/** Short and paging steps: the main task queue. */
export const createActivities = (deps: ActivityDeps) => ({
  prepareRows: prepareRows(deps),
  openNight: openNight(deps),
  ensureTable: ensureTable(deps),
  matchColumns: matchColumns(deps),
  changeInputs: changeInputs(deps),
  loadRows: loadRows(deps),
  joinBudget: joinBudget(deps),
  reserveBudget: reserveBudget(deps),
  startPass: startPass(deps),
  collectResults: collectResults(deps),
  publishResults: publishResults(deps),
  checkCredits: checkCredits(deps),
  cancelQueuedCells: cancelQueuedCells(deps),
  sendNotification: sendNotification(deps),
  recordNotifications: recordNotifications(deps),
});

/** The long, cheap waits: a task queue of their own, with many slots. */
export const createPollActivities = (deps: ActivityDeps) => ({
  awaitIdle: awaitIdle(deps),
  awaitAccount: awaitAccount(deps),
});

export type Activities = Named<MainStep, ReturnType<typeof createActivities>>;
export type PollActivities = Named<PollStep, ReturnType<typeof createPollActivities>>;

/** Does not compile if an activity was renamed, and the contract has its old name. */
type Named<Step extends string, Steps extends Record<Step, unknown>> = Steps;
