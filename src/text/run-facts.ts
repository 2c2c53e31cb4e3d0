import type {
  Approval,
  ApprovalRequest,
  CeilingReached,
  CellCountMismatch,
  LargeRunConfirmations,
  RunProgress,
  RunSummary,
} from '../contract/run.ts';
import type { CellUsage, ScanResult } from '../contract/results.ts';
import type { BudgetWait } from '../contract/budget.ts';
import type { Notified } from '../contract/notify.ts';
import { canaryText } from './canary.ts';
import { failedExpectationsText } from './expectations.ts';
import { formatCount, formatCredits, formatInteger } from './numbers.ts';

/** Approvals of what a run spends. Left out: none was needed. */
export interface Approvals {
  approvals?: Approval[];
  confirmed?: LargeRunConfirmations;
  /** Cells that the provider says it queued beyond those that were asked for. */
  queuedMore?: CellCountMismatch;
}

/** Approvals and counts of a run in progress. */
export interface KnownApprovals {
  approvals?: readonly Approval[];
  confirmed?: LargeRunConfirmations;
  queuedMore?: CellCountMismatch | null;
}

export function approvalsOf({ approvals = [], confirmed, queuedMore }: KnownApprovals): Approvals {
  return {
    ...(approvals.length === 0 ? {} : { approvals: [...approvals] }),
    ...(confirmed === undefined || confirmed.requests === 0 ? {} : { confirmed }),
    ...(queuedMore == null ? {} : { queuedMore }),
  };
}

/** `about 1,200 credits`, or why more cells than were asked for. */
export function approvalRequestText(request: ApprovalRequest): string {
  const { credits, cells, failed, canary, ceiling } = request;
  if (canary !== undefined) return `the rest of the rows: ${canaryText(canary)}`;
  if (failed !== undefined)
    return `results that fail expectations: ${failedExpectationsText(failed)}`;
  const about = `about ${formatInteger(credits)} credits`;
  if (ceiling !== undefined) return `${about}, above the ceiling of ${formatCredits(ceiling)}`;
  if (cells === null) return about;
  return `${about}: the provider would run ${formatInteger(cells.affected)} cells instead of ${formatInteger(cells.requested)}`;
}

/** `budget gtm has 120 of 10,000 credits left on 2026-01-31, the pass takes 300` */
export function budgetText({ budget, day, limit, reserved, credits }: BudgetWait): string {
  const left = formatCredits(Math.max(0, limit - reserved));
  const of = formatCredits(limit);
  return `budget ${budget} has ${left} of ${of} credits left on ${day}, the pass takes ${formatCredits(credits)}`;
}

/** `30 of 30 credits were asked for, 12 cells were not asked for` */
export function ceilingText({ maxCredits, asked, cellsNotAsked }: CeilingReached): string {
  const credits = `${formatCredits(asked)} of ${formatCredits(maxCredits)} credits were asked for`;
  const cells =
    cellsNotAsked === 0
      ? 'no further pass fits'
      : `${formatCount(cellsNotAsked, 'cell')} ${cellsNotAsked === 1 ? 'was' : 'were'} not asked for`;
  return `${credits}, ${cells}`;
}

/** The commands that end a wait for a day budget. */
export const budgetCommand = ({ budget, limit, reserved, credits }: BudgetWait): string =>
  `rowmill budget raise ${budget} ${Math.ceil(credits - Math.max(0, limit - reserved))}`;

/** Facts for the operator as name and text. @param code escapes text from outside */
export function approvalFacts(
  { approvals = [], confirmed, queuedMore }: Approvals,
  code: (text: string) => string,
): [string, string][] {
  const facts = approvals.map((approval): [string, string] => {
    const { credits, cells, failed, canary } = approval;
    if (canary !== undefined) {
      const rest = `about ${formatInteger(credits)} credits`;
      return ['approved', `the rest after the canary, ${rest}, ${byText(approval, code)}`];
    }
    if (failed !== undefined) {
      return ['approved', `results that fail expectations, ${byText(approval, code)}`];
    }
    const more = cells === null ? '' : ` for ${formatInteger(cells.affected)} cells`;
    return ['approved', `${formatInteger(credits)} credits${more}, ${byText(approval, code)}`];
  });
  if (confirmed !== undefined) {
    const { requests, cells } = confirmed;
    const runs = `${formatInteger(requests)} large ${requests === 1 ? 'run' : 'runs'}`;
    facts.push(['confirmed', `${runs}, ${formatInteger(cells)} cells: all of them approved`]);
  }
  if (queuedMore !== undefined) {
    const { requested, affected } = queuedMore;
    const text = `${formatInteger(affected)} cells by the provider's count, ${formatInteger(requested)} were asked for`;
    facts.push(['queued', text]);
  }
  return facts;
}

function byText({ how, by }: Approval, code: (text: string) => string): string {
  switch (how) {
    case 'start':
      return 'where it was started';
    case 'policy':
      return 'by `spend.approveAbove`';
    case 'update':
      return by === null ? 'while it waited' : `by ${code(by)}`;
  }
}

/** 0.8082 or 1,234.56: small prices keep four digits that mean something. */
export const priceText = (price: number): string =>
  price.toLocaleString('en-US', {
    maximumFractionDigits: 2,
    maximumSignificantDigits: 4,
    roundingPriority: 'morePrecision',
  });

const requestsText = ({ requests }: CellUsage): string =>
  `${formatInteger(requests)} ${requests === 1 ? 'request' : 'requests'}`;

/** The known price, and the number of cells without one. */
export function knownPriceText({ price, unpriced = 0 }: CellUsage): string {
  if (unpriced === 0) return priceText(price);
  const cells = `${formatInteger(unpriced)} ${unpriced === 1 ? 'cell' : 'cells'}`;
  return price === 0 ? `not known of ${cells}` : `${priceText(price)}, not known of ${cells}`;
}

/** Names what a price covers, so that it is not read as the bill. */
export const PRICE_IS_OF = 'last computation of each cell';

/** `210,797 in, 48,321 out; 1,502 requests` */
export const tokensText = (usage: CellUsage): string =>
  `${formatInteger(usage.inputTokens)} in, ${formatInteger(usage.outputTokens)} out; ${requestsText(usage)}`;

/** Usage in one line of text. */
export function usageText(usage: CellUsage): string {
  const tokens = `${formatInteger(usage.inputTokens)} tokens in, ${formatInteger(usage.outputTokens)} out`;
  return `${knownPriceText(usage)} (${requestsText(usage)}, ${tokens}; ${PRICE_IS_OF})`;
}

/**
 * Formats the number of failed cells. A provider that does not count them leaves it to the last
 * table scan, which a pass in progress has overtaken; `null` before any scan.
 */
export function failedText({ cells, byColumn }: Pick<RunProgress, 'cells' | 'byColumn'>) {
  if (cells.failed !== null) return formatInteger(cells.failed);
  const columns = Object.values(byColumn);
  if (columns.length === 0) return null;
  return `${formatInteger(columns.reduce((sum, { failed }) => sum + failed, 0))} at the last table scan`;
}

/** Cautions for users of the results. Left out: none. */
export interface Cautions {
  tableChangedDuringScan?: true;
  rowsUnreadable?: number;
  balanceProblem?: string;
  sourceWarnings?: string[];
}

/** Cautions about what was published. Left out: none. */
export type PublishedCautions = Pick<RunSummary, 'invalid' | 'failedTargets' | 'reportProblem'>;

export const publishedCautionsOf = ({
  invalid,
  failedTargets,
  reportProblem,
}: PublishedCautions): PublishedCautions => ({
  ...(invalid === undefined ? {} : { invalid }),
  ...(failedTargets === undefined ? {} : { failedTargets }),
  ...(reportProblem === undefined ? {} : { reportProblem }),
});

export const cautionsOf = (
  found: ScanResult | null,
  prepared: Pick<Cautions, 'balanceProblem' | 'sourceWarnings'> | null,
): Cautions => ({
  ...(found?.tableChangedDuringScan === true ? { tableChangedDuringScan: true } : {}),
  ...(found?.rowsUnreadable === undefined ? {} : { rowsUnreadable: found.rowsUnreadable }),
  ...(prepared?.balanceProblem === undefined ? {} : { balanceProblem: prepared.balanceProblem }),
  ...(prepared?.sourceWarnings === undefined ? {} : { sourceWarnings: prepared.sourceWarnings }),
});

/** Facts for the operator as name and text. @param code escapes text from outside */
export function cautionFacts(
  cautions: Cautions & PublishedCautions & { sameTarget?: string[] },
  code: (text: string) => string,
): [string, string][] {
  const { tableChangedDuringScan, rowsUnreadable = 0, balanceProblem } = cautions;
  const { sameTarget = [], sourceWarnings = [], invalid } = cautions;
  const { failedTargets = [], reportProblem } = cautions;
  const facts: string[] = [];
  if (tableChangedDuringScan === true) facts.push('the table kept changing while it was read');
  if (rowsUnreadable > 0) {
    facts.push(
      `${formatInteger(rowsUnreadable)} ${rowsUnreadable === 1 ? 'row' : 'rows'} could not be read`,
    );
  }
  if (balanceProblem !== undefined) facts.push('the balance of the account cannot be read');
  for (const { to, problem } of failedTargets) facts.push(code(`not at ${to}: ${problem}`));
  if (invalid !== undefined) facts.push(code(invalidText(invalid)));
  if (reportProblem !== undefined) facts.push(`no report: ${code(reportProblem)}`);
  for (const id of sameTarget.slice(0, MAX_NAMED)) {
    facts.push(`same place for results as run ${id}`);
  }
  facts.push(...sourceWarnings.slice(0, MAX_NAMED).map(code));
  return facts.map((fact) => ['caution', fact]);
}

const MAX_NAMED = 3;

/** `3 answers of another type (revenue 2, employees 1): see the quarantine` */
function invalidText(invalid: Readonly<Record<string, number>>): string {
  const columns = Object.entries(invalid);
  const total = columns.reduce((sum, [, answers]) => sum + answers, 0);
  const named = columns
    .slice(0, MAX_NAMED)
    .map(([column, answers]) => `${column} ${formatInteger(answers)}`);
  const more = columns.length > MAX_NAMED ? ', …' : '';
  return `${formatCount(total, 'answer')} of another type (${named.join(', ')}${more}): see the quarantine`;
}

/** Requests of a run that brought no results. Left out: none. */
export type UnusedWork = Pick<
  RunSummary,
  'duplicateRows' | 'cellsCancelled' | 'cellsCancelledIsMinimum'
>;

/** Unused work of a run in progress. */
export interface KnownUnused {
  lastScan: ScanResult | null;
  cellsCancelled: number;
  cellsCancelledIsMinimum: boolean;
}

export function unusedOf({
  lastScan,
  cellsCancelled,
  cellsCancelledIsMinimum,
}: KnownUnused): UnusedWork {
  const duplicateRows = lastScan?.duplicateRows ?? 0;
  return {
    ...(duplicateRows === 0 ? {} : { duplicateRows }),
    ...(cellsCancelled === 0 ? {} : { cellsCancelled }),
    ...(cellsCancelledIsMinimum ? { cellsCancelledIsMinimum } : {}),
  };
}

/** Facts for the operator as name and text, where there are any. */
export function unusedFacts(unused: UnusedWork): [string, string][] {
  const { duplicateRows = 0, cellsCancelled = 0, cellsCancelledIsMinimum = false } = unused;
  const facts: [string, string][] = [];
  if (duplicateRows > 0) {
    const rows = counted(duplicateRows, 'row');
    facts.push(['duplicates', `${rows} added twice: never run or published`]);
  }
  if (cellsCancelled > 0) {
    const cells = `${cellsCancelledIsMinimum ? 'at least ' : ''}${counted(cellsCancelled, 'cell')}`;
    facts.push(['cancelled', `${cells}, requested and never started`]);
  } else if (cellsCancelledIsMinimum) {
    facts.push(['cancelled', 'unknown: the reply to a cancel was lost']);
  }
  return facts;
}

const counted = (count: number, what: string): string =>
  `${count.toLocaleString('en-US')} ${what}${count === 1 ? '' : 's'}`;

/** Messages that could not be delivered, as facts for the operator. */
export const notifiedFacts = ({
  notified = [],
}: {
  notified?: readonly Notified[] | undefined;
}): [string, string][] =>
  notified.flatMap(({ url, status, problem, event }): [string, string][] => {
    const what = event === undefined ? '' : `${event} `;
    const why = `${what}not delivered to ${url}: ${problem ?? 'no reason'}`;
    return status === 'failed' ? [[url.startsWith('slack:') ? 'slack' : 'webhook', why]] : [];
  });
