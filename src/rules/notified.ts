import type { Notified } from '../contract/notify.ts';

/** Who could not be told of the end, for people; nothing where everybody was. */
export const notifiedFacts = ({
  notified = [],
}: {
  notified?: readonly Notified[] | undefined;
}): [string, string][] =>
  notified.flatMap(({ url, status, problem }): [string, string][] =>
    status === 'failed' ? [['webhook', `not delivered to ${url}: ${problem ?? 'no reason'}`]] : [],
  );
