import { defineSearchAttributeKey, TypedSearchAttributes } from '@temporalio/common';
import { MEMO_OWNER, MEMO_STARTED_BY, SEARCH_ATTRIBUTE } from '../../../contract/names.ts';

/** Owner and origin of a run. The memo is authoritative; the search attribute is for listing. */
export interface Owned {
  /** Owner, where several share a gateway. @default none */
  owner?: string | undefined;
  /** Label of the program or token, like the first digits of a token's digest. */
  startedBy?: string | undefined;
}

const OWNER = defineSearchAttributeKey(SEARCH_ATTRIBUTE.owner, 'KEYWORD');

export const ownedMemo = ({ owner, startedBy }: Owned): Record<string, string> => ({
  ...(owner === undefined ? {} : { [MEMO_OWNER]: owner }),
  ...(startedBy === undefined ? {} : { [MEMO_STARTED_BY]: startedBy }),
});

/** Adds the owner to the search attributes of a run. */
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

/** Checks whether a caller may see a run. `seenBy`: owner of the caller; undefined sees all. */
export const isSeen = (of: WithMemo, seenBy: string | undefined): boolean =>
  seenBy === undefined || ownerOf(of) === seenBy;
