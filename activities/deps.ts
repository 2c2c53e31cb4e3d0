import type { Webhooks } from '../src/notify/webhooks.ts';
import type { Providers } from '../src/providers/registry.ts';
import type { SpendCeiling } from '../src/rules/ceiling.ts';
import type { Store } from '../src/store/store.ts';
import type { TroubleLimits } from '../src/rules/trouble.ts';
import type { MetricEvent } from './step-event.ts';

/** What activities work with; made once a process by the worker, or by a test. */
export interface ActivityDeps {
  providers: Providers;
  store: Store;
  /** Folders for rows and results. @default any */
  roots?: readonly string[] | null;
  /** What any run may spend at most, whatever its pipeline says. @default nothing but that */
  ceiling?: SpendCeiling;
  /** Whether rowmill's search attributes are registered on the server. */
  searchAttributes: boolean;
  /** How the end of a run is told; without it nobody is. */
  webhooks?: Webhooks;
  /**
   * Stretches the pauses in which a request whose fate is unknown may still land; tests hurry.
   * @default 1
   */
  commitWaitFactor?: number;
  /** When trouble of the API is shown, and believed; tests hurry. @default TROUBLE_LIMITS */
  troubleLimits?: TroubleLimits;
  /** Is told what steps see, for metrics. Must not throw. */
  onEvent?: (event: MetricEvent) => void;
  /** Epoch ms. @default Date.now */
  now?: () => number;
}
