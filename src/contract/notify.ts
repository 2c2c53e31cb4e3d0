import { OUTCOMES, type Outcome } from './outcome.ts';

/** Need of a run for an operator, while it waits or does not move. */
export const NEEDS = [
  'needs-approval',
  'needs-credits',
  'needs-credentials',
  'needs-budget',
  'stalled',
] as const;
export type Need = (typeof NEEDS)[number];

/** Subject of a message: the end of a run, a need, or a night that is missing. */
export const NOTIFY_EVENTS = [...OUTCOMES, ...NEEDS, 'missed-night'] as const;
export type NotifyEvent = Outcome | Need | 'missed-night';

/** Receiver of signed webhooks. */
export interface WebhookTarget {
  url: string;
  on: NotifyEvent[];
  /** Environment variable of the worker with the secret (`whsec_…`). */
  secretEnv: string;
}

/** Channel of Slack. */
export interface SlackTarget {
  /** Environment variable of the worker with the address of its incoming webhook. */
  slack: string;
  on: NotifyEvent[];
}

export type NotifyTarget = WebhookTarget | SlackTarget;

/** Name of a receiver for display: without a query, which may contain a token. */
export const receiverName = (target: NotifyTarget): string =>
  'slack' in target ? `slack:${target.slack}` : target.url.replace(/[?#].*$/, '');

/** Result of one delivery. */
export interface Notified {
  /** Address without query; of Slack `slack:` and the name of the variable. */
  url: string;
  id: string;
  status: 'delivered' | 'failed';
  problem: string | null;
  /** Subject that was reported. Left out: the end of the run. */
  event?: Need;
}
