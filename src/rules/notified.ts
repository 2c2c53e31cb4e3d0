import type { Notified } from '../contract/notify.ts';

/** Webhooks that could not be delivered, as facts for the operator. */
export const notifiedFacts = ({
  notified = [],
}: {
  notified?: readonly Notified[] | undefined;
}): [string, string][] =>
  notified.flatMap(({ url, status, problem }): [string, string][] =>
    status === 'failed' ? [['webhook', `not delivered to ${url}: ${problem ?? 'no reason'}`]] : [],
  );
