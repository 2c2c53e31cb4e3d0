import type {
  Approval,
  ApprovalRequest,
  CellCountMismatch,
  LargeRunConfirmations,
} from '../contract/run.ts';
import { formatInteger } from './whole.ts';

/** Approvals of what a run spends. Left out: none was needed. */
export interface Approvals {
  approvals?: Approval[];
  confirmed?: LargeRunConfirmations;
  /** Cells that the provider says it queued beyond those that were asked for. */
  queuedMore?: CellCountMismatch;
}

/** Approvals and counts of a run under way. */
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
export function approvalRequestText({ credits, cells }: ApprovalRequest): string {
  const about = `about ${formatInteger(credits)} credits`;
  if (cells === null) return about;
  return `${about}: the provider would run ${formatInteger(cells.affected)} cells instead of ${formatInteger(cells.requested)}`;
}

/** Facts for the operator as name and text. @param code escapes text from outside */
export function approvalFacts(
  { approvals = [], confirmed, queuedMore }: Approvals,
  code: (text: string) => string,
): [string, string][] {
  const facts = approvals.map((approval): [string, string] => {
    const { credits, cells } = approval;
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
