import type { Approval, ApprovalAsked, CellsAsked, Confirmed } from '../contract/run.ts';
import { whole } from './whole.ts';

/** Who or what allowed what a run spends; left out where nobody was asked. */
export interface Allowed {
  approvals?: Approval[];
  confirmed?: Confirmed;
  /** Cells that the provider says it queued beyond those that were asked for. */
  queuedMore?: CellsAsked;
}

/** What is known of it while a run goes on; an older version may leave out all of it. */
export interface KnownOfIt {
  approvals?: readonly Approval[];
  confirmed?: Confirmed;
  queuedMore?: CellsAsked | null;
}

export function allowedOf({ approvals = [], confirmed, queuedMore }: KnownOfIt): Allowed {
  return {
    ...(approvals.length === 0 ? {} : { approvals: [...approvals] }),
    ...(confirmed === undefined || confirmed.requests === 0 ? {} : { confirmed }),
    ...(queuedMore == null ? {} : { queuedMore }),
  };
}

/** `about 1,200 credits`, or why more cells than were asked for. */
export function askedText({ credits, cells }: ApprovalAsked): string {
  const about = `about ${whole(credits)} credits`;
  if (cells === null) return about;
  return `${about}: the provider would run ${whole(cells.affected)} cells instead of ${whole(cells.asked)}`;
}

/** For people: a name and what is to be known. @param code puts a text from outside in its place */
export function allowedFacts(
  { approvals = [], confirmed, queuedMore }: Allowed,
  code: (text: string) => string,
): [string, string][] {
  const facts = approvals.map((approval): [string, string] => {
    const { credits, cells } = approval;
    const more = cells === null ? '' : ` for ${whole(cells.affected)} cells`;
    return ['approved', `${whole(credits)} credits${more}, ${byText(approval, code)}`];
  });
  if (confirmed !== undefined) {
    const { requests, cells } = confirmed;
    const runs = `${whole(requests)} large ${requests === 1 ? 'run' : 'runs'}`;
    facts.push(['confirmed', `${runs}, ${whole(cells)} cells: all of them approved`]);
  }
  if (queuedMore !== undefined) {
    const { asked, affected } = queuedMore;
    const text = `${whole(affected)} cells by the provider's count, ${whole(asked)} were asked for`;
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
