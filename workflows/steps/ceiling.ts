import { ApplicationFailure } from '@temporalio/workflow';
import {
  askedByColumn,
  cellsToAsk,
  NEVER_ASKED_KINDS,
  type CellLimits,
} from '../../src/rules/cells/cell-set.ts';
import { judgePass, type PassVerdict } from '../../src/rules/spend/pass-ceiling.ts';
import type { PassKind } from '../../src/rules/passes/passes.ts';
import { unitsOf } from '../../src/rules/spend/spend.ts';
import type { RunMode } from '../../src/contract/table.ts';
import { approvalRequestText } from '../../src/text/run-facts.ts';
import { isApproved } from './approve-spend.ts';
import type { Run } from '../run.ts';
import { ceilingOf, creditsAsked, ownersLimit } from '../ceiling-left.ts';

/** Pass that is judged: what it asks for depends on these. */
export interface JudgedPass {
  kind: PassKind;
  mode: RunMode;
  /** Rows of the table. */
  rows: number;
}

/** Cells that a pass asks for, by column, in the order of the columns. */
export function cellsOfPass(
  run: Run,
  { kind, ...work }: JudgedPass,
  limits: CellLimits = {},
): [string, number][] {
  const own = run.table.columns.filter(({ ours, input }) => ours && !input);
  const columns = own.map(({ key }) => key);
  const asked = askedByColumn(cellsToAsk(kind, run.state.lastScan, { ...work, columns }));
  return columns.flatMap((key) => {
    const cells = Math.min(asked[key] ?? 0, limits[key] ?? Infinity);
    return cells === 0 ? [] : [[key, cells]];
  });
}

export const creditsOfPass = (run: Run, pass: JudgedPass, limits?: CellLimits): number =>
  unitsOf(Object.fromEntries(cellsOfPass(run, pass, limits)), run.prepared.weights) *
  run.spend.creditsPerCell;

function judge(run: Run, pass: JudgedPass): PassVerdict {
  const { creditsPerCell } = run.spend;
  if (creditsPerCell === 0) return { fits: 'whole' };
  const unitsLeft = (ceilingOf(run) - creditsAsked(run)) / creditsPerCell;
  return judgePass(cellsOfPass(run, pass), run.prepared.weights, unitsLeft);
}

/** Checks whether an approval may raise the ceiling for a pass: never above the owner's limit. */
const mayBeRaised = (run: Run, pass: JudgedPass): boolean =>
  run.spend.onCeiling === 'ask' &&
  creditsAsked(run) + creditsOfPass(run, pass) <= ownersLimit(run.state);

/** Checks whether a pass may ask for any cell; notes what the ceiling keeps back. */
export function mayAsk(run: Run, pass: JudgedPass): boolean {
  if (judge(run, pass).fits !== 'nothing' || mayBeRaised(run, pass)) return true;
  noteReached(run, mayBeNeverAsked(pass.kind) ? countOf(cellsOfPass(run, pass)) : 0);
  return false;
}

/**
 * Limits of a pass under the ceiling; `undefined`: all of its cells. With `onCeiling: ask` waits for an
 * approval that raises it.
 * @throws `spend_refused`, `deadline_reached`
 */
export async function limitsOfPass(run: Run, pass: JudgedPass): Promise<CellLimits | undefined> {
  const verdict = judge(run, pass);
  if (verdict.fits === 'whole') return undefined;
  if (mayBeRaised(run, pass)) {
    await raise(run, creditsAsked(run) + creditsOfPass(run, pass));
    return undefined;
  }
  if (verdict.fits === 'nothing') {
    throw refusal('spend_refused', `the ceiling of ${ceilingOf(run)} credits fits no cell`);
  }
  return verdict.limits;
}

async function raise(run: Run, credits: number): Promise<void> {
  const { state } = run;
  const request = { credits, cells: null, ceiling: ceilingOf(run) };
  const interrupted = state.stage;
  if (!(await isApproved(run, request))) {
    const what = `not approved before the deadline: ${approvalRequestText(request)}`;
    // The results of earlier passes are published.
    throw refusal(state.lastScan === null ? 'spend_refused' : 'deadline_reached', what);
  }
  state.ceilingRaisedTo = credits;
  run.enter(interrupted);
}

/** Notes a pass that was cut. Cells of a first pass beyond the limits were never asked for. */
export function noteCut(run: Run, pass: JudgedPass, limits: CellLimits): void {
  const left = countOf(cellsOfPass(run, pass)) - countOf(cellsOfPass(run, pass, limits));
  noteReached(run, mayBeNeverAsked(pass.kind) ? left : 0);
}

/** A follow-up asks for cells that no pass has started. */
const mayBeNeverAsked = (kind: PassKind): boolean =>
  kind === 'follow-up' || NEVER_ASKED_KINDS.includes(kind);

function noteReached({ state }: Run, cellsNotAsked: number): void {
  const { cellsNotAsked: before = 0 } = state.ceilingReached ?? {};
  state.ceilingReached = { cellsNotAsked: Math.max(before, cellsNotAsked) };
}

const countOf = (cells: readonly [string, number][]): number =>
  cells.reduce((sum, [, count]) => sum + count, 0);

const refusal = (code: string, what: string): ApplicationFailure =>
  ApplicationFailure.nonRetryable(what, code);
