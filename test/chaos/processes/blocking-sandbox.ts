import type { Activities, PollActivities } from '../../../activities/index.ts';
import { APIS } from '../../../sandbox/apis.ts';
import type { RequestKind } from '../../../sandbox/faults/request-kinds.ts';
import {
  startSandbox,
  type Action,
  type Intercept,
  type SandboxOptions,
  type Seen,
} from '../../../sandbox/index.ts';
import { TOKEN } from '../../support/token.ts';
import type { SandboxPort } from './sandbox-port.ts';

/** A moment of a run: a request of this step and kind has reached the API. */
export interface KillPoint {
  step: keyof Activities | keyof PollActivities;
  on: RequestKind;
  /** Number of the request, from 1 on, since it is waited for. */
  nth: number;
  /** Number of passes before that of the request. @default 0 */
  passesBefore?: number;
}

/** Fates of a request whose sender was killed. */
export const FATES = ['is lost', 'is carried out'] as const;
export type Fate = (typeof FATES)[number];

/** Keeps a request in its hands, so that its sender can be killed at exactly that moment. */
export interface BlockingSandbox extends SandboxPort {
  /** Waits for one of the requests from now on; `step` names the one that is in progress. */
  waitFor(moment: KillPoint, step: () => Promise<string | null>): void;
  /** Returns whether it holds the request. */
  holds(): boolean;
  release(fate: Fate): void;
}

interface Trap {
  moment: KillPoint;
  step: () => Promise<string | null>;
  seen: number;
  fate: Promise<Fate>;
}

/** Opens a sandbox in this process, which is not killed. */
export async function openBlockingSandbox(
  seed: number,
  speed: number,
  options: Partial<SandboxOptions> = {},
): Promise<BlockingSandbox> {
  let trap: Trap | null = null;
  let held = false;
  let release: (fate: Fate) => void = () => undefined;

  const intercept: Intercept = async (seen): Promise<Action | undefined> => {
    const mine = trap;
    if (mine === null || seen.phase !== 'before' || !isOf(seen, mine.moment.on)) return undefined;
    if (sandbox.ledger.runs().length < (mine.moment.passesBefore ?? 0)) return undefined;
    if ((await mine.step()) !== mine.moment.step) return undefined;
    mine.seen += 1;
    if (mine.seen !== mine.moment.nth) return undefined;
    held = true;
    return (await mine.fate) === 'is lost' ? { do: 'reset' } : undefined;
  };

  const sandbox = await startSandbox({ ...options, token: TOKEN, seed, speed, intercept });
  return {
    url: sandbox.url,
    // Started once and for all, above.
    start: () => Promise.resolve(),
    stop: () => sandbox.close(),
    ledger: () => Promise.resolve(sandbox),
    waitFor: (moment, step) => {
      held = false;
      const fate = new Promise<Fate>((resolve) => (release = resolve));
      trap = { moment, step, seen: 0, fate };
    },
    holds: () => held,
    release: (fate) => {
      trap = null;
      release(fate);
    },
  };
}

const shapeOf = (request: string): string => request.replace(/:\w+|\{\w+\}/g, '*');

const isOf = ({ method, route }: Seen, kind: RequestKind): boolean =>
  APIS.flatMap(({ adapter }) => adapter.requests[kind])
    .map(shapeOf)
    .includes(shapeOf(`${method} ${route}`));
