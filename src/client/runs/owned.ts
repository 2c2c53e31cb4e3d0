import { defineSearchAttributeKey, TypedSearchAttributes } from '@temporalio/common';
import { MEMO_OWNER, MEMO_STARTED_BY, SEARCH_ATTRIBUTE } from '../../contract/names.ts';

/** Whose a run is. The memo says so for certain; the search attribute lists by it. */
export interface Owned {
  /** Of many who share a gateway. Left out: no owner. */
  owner?: string | undefined;
  /** What started it, like the beginning of a token's digest. */
  startedBy?: string | undefined;
}

const OWNER = defineSearchAttributeKey(SEARCH_ATTRIBUTE.owner, 'KEYWORD');

export const ownedMemo = ({ owner, startedBy }: Owned): Record<string, string> => ({
  ...(owner === undefined ? {} : { [MEMO_OWNER]: owner }),
  ...(startedBy === undefined ? {} : { [MEMO_STARTED_BY]: startedBy }),
});

/** The attributes of a run, and its owner among them. */
export const withOwner = (
  attributes: TypedSearchAttributes,
  owner: string | undefined,
): TypedSearchAttributes =>
  owner === undefined ? attributes : attributes.updateCopy([{ key: OWNER, value: owner }]);

type WithMemo = { memo?: Record<string, unknown> | undefined };

const textIn = ({ memo }: WithMemo, name: string): string | undefined => {
  const value = memo?.[name];
  return typeof value === 'string' ? value : undefined;
};

export const ownerOf = (of: WithMemo): string | undefined => textIn(of, MEMO_OWNER);
export const starterOf = (of: WithMemo): string | undefined => textIn(of, MEMO_STARTED_BY);

/** `seenBy`: whose runs are seen; left out: everybody's. */
export const isSeen = (of: WithMemo, seenBy: string | undefined): boolean =>
  seenBy === undefined || ownerOf(of) === seenBy;
