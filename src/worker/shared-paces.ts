import type { LimiterToken } from '../providers/registry.ts';
import type { Limiter } from '../http/limiter.ts';
import { createSharedLimiter, type PaceLook } from '../shared-pace/shared-limiter.ts';
import type { Store } from '../store/store.ts';

export interface SharedPaces {
  /** Returns the limiter of a token; its pace is shared with the other workers of the store. */
  limiterFor: (token: LimiterToken) => Limiter;
  /** Leaves the paces of all tokens to the other workers. */
  leave: () => Promise<void>;
}

/** State of the sharing of one provider's token. */
export interface ProviderLook extends PaceLook {
  provider: string;
}

/** Shares the paces of this worker's tokens over its store. */
export function createSharedPaces(
  store: Store,
  onLook: (look: ProviderLook) => void = () => undefined,
): SharedPaces {
  const leaves: (() => Promise<void>)[] = [];
  return {
    limiterFor({ provider, digest, ratePerSecond }) {
      const { limiter, leave } = createSharedLimiter({
        folder: store.paces,
        token: digest,
        ratePerSecond,
        onLook: (look) => onLook({ provider, ...look }),
      });
      leaves.push(leave);
      return limiter;
    },
    leave: async () => {
      await Promise.all(leaves.map((leave) => leave()));
    },
  };
}
