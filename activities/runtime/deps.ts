import type { DayBudgets } from '../../src/contract/budget.ts';
import type { Webhooks } from '../../src/notify/webhooks.ts';
import type { Providers } from '../../src/providers/registry.ts';
import type { SpendCeiling } from '../../src/rules/spend/ceiling.ts';
import type { FindInProgress } from '../../src/store/claims.ts';
import type { Store } from '../../src/store/store.ts';
import type { TroubleLimits } from '../../src/rules/trouble.ts';
import type { MetricEvent } from './metric-events.ts';

/** Dependencies of activities, created once per process by the worker, or by a test. */
export interface ActivityDeps {
  providers: Providers;
  store: Store;
  /** Folders for rows and results. @default any */
  roots?: readonly string[] | null;
  /** Limits of any run's spend, set by the worker's owner. @default only the pipeline's */
  ceiling?: SpendCeiling;
  /** Day budgets of pipelines. @default those on the server of the worker */
  budgets?: DayBudgets;
  /** True if rowmill's search attributes are registered on the server. */
  searchAttributes: boolean;
  /** Sends the completion webhooks. @default none are sent */
  webhooks?: Webhooks;
  /** Address of the Temporal UI, for links in messages. @default no links */
  uiUrl?: string | null;
  /**
   * Factor on the waits in which a request with a lost reply may still be committed; tests shorten them.
   * @default 1
   */
  commitWaitFactor?: number;
  /**
   * Times after which lasting trouble of the API is shown, and accepted; tests shorten them.
   * @default TROUBLE_LIMITS
   */
  troubleLimits?: TroubleLimits;
  /** Runs of a list that are in progress, by the Temporal server. @default all of them */
  inProgress?: FindInProgress;
  /** Sender of the cancel request of a run, by the Temporal server. @default unknown */
  cancelSender?: (workflowId: string, runId: string) => Promise<string | null>;
  /**
   * Sends a heartbeat of an attempt and waits for the server's answer; false: the attempt is over. Rejects
   * without an answer. @default attempts are not confirmed, and nothing that they change is held back
   */
  confirmAttempt?: (taskToken: Uint8Array, details: unknown) => Promise<boolean>;
  /** Receives events for metrics. Must not throw. */
  onEvent?: (event: MetricEvent) => void;
  /** Variables with the addresses of databases. @default process.env */
  env?: Readonly<Record<string, string | undefined>>;
  /** Epoch ms. @default Date.now */
  now?: () => number;
}
