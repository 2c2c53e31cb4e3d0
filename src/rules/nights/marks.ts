import type { AskReason } from '../../contract/ask-reasons.ts';

/** Decision of a night about a cell before its first pass. Left out: passes decide as usual. */
export interface NightMark {
  /** Reason for the first pass to ask for it. */
  due?: AskReason;
  /** Columns of the provider's own that are asked for along with it, on the same row. */
  along?: string[];
  /** True if no pass of the run asks for it. */
  left?: true;
}
