import { extruct } from '../../support/providers/extruct.ts';
import { promptlayer } from '../../support/providers/promptlayer.ts';
import type { ProviderCase } from '../../support/providers/provider-case.ts';
import type { KillPoint } from '../processes/blocking-sandbox.ts';
import type { Cut } from './network.ts';

/** A worker that loses Temporal, or stands still, at one request, until another one has taken over. */
export interface CutCase {
  provider: ProviderCase;
  store: 'disk' | 's3';
  /** Request that the provider holds while it happens. */
  at: KillPoint;
  /** Damage to the worker: it loses the network to Temporal, or is stopped by a signal as well. */
  how: Cut | 'stopped';
  /**
   * The provider lets the request go when the other worker has begun the step, has ended the step, or
   * the run; or so many seconds after it has begun the step, which no client can prevent.
   */
  until: 'step begun' | 'step over' | 'run over' | { lateS: number };
  /** Rows of the list; more than one batch where that matters. */
  rows: number;
}

const ROWS = 40;
/** Rows that take several batches. */
const BATCHES = 1_100;

type Short = Pick<CutCase, 'at' | 'until'> & Partial<CutCase>;

const of = (...all: Short[]): CutCase[] =>
  all.map((one) => ({ provider: extruct, store: 'disk', how: 'cut', rows: ROWS, ...one }));

const BEFORE_CREATE = { step: 'ensureTable', on: 'find-tables', nth: 1 } as const;
const CREATE = { step: 'ensureTable', on: 'create-table', nth: 1 } as const;
const BATCH = { step: 'loadRows', on: 'add-rows', nth: 1 } as const;
const BEFORE_RUN = { step: 'startPass', on: 'read-status', nth: 1 } as const;
const RUN = { step: 'startPass', on: 'start-run', nth: 1 } as const;
const BEFORE_RERUN = { ...BEFORE_RUN, passesBefore: 1 } as const;
const PAGE = { step: 'collectResults', on: 'read-rows', nth: 1 } as const;
const BEFORE_PUBLISH = { step: 'publishResults', on: 'read-account', nth: 1 } as const;

export const CUT_CASES: readonly CutCase[] = of(
  { at: BEFORE_CREATE, until: 'step over' },
  { at: CREATE, until: 'step begun' },
  { at: BATCH, until: 'step begun', rows: BATCHES },
  { at: BEFORE_RUN, until: 'step over' },
  { at: BEFORE_RUN, until: 'step over', how: 'mute' },
  { at: BEFORE_RUN, until: 'step over', how: 'deaf' },
  { at: BEFORE_RUN, until: 'step over', provider: promptlayer },
  { at: BEFORE_RUN, until: 'step over', store: 's3' },
  { at: RUN, until: 'step begun' },
  { at: RUN, until: 'step begun', provider: promptlayer },
  { at: BEFORE_RERUN, until: 'step over' },
  { at: PAGE, until: 'run over' },
  { at: PAGE, until: 'run over', store: 's3' },
  { at: BEFORE_PUBLISH, until: 'run over' },
  { at: BEFORE_PUBLISH, until: 'run over', store: 's3' },
  { at: BEFORE_CREATE, until: 'run over', how: 'stopped' },
  { at: BATCH, until: 'step begun', how: 'stopped', rows: BATCHES },
  { at: BEFORE_RUN, until: 'run over', how: 'stopped' },
  { at: BEFORE_RUN, until: 'run over', how: 'stopped', provider: promptlayer },
  { at: RUN, until: 'step begun', how: 'stopped' },
  { at: BEFORE_RERUN, until: 'run over', how: 'stopped' },
  { at: PAGE, until: 'run over', how: 'stopped' },
  { at: PAGE, until: 'run over', how: 'stopped', store: 's3' },
  { at: BEFORE_PUBLISH, until: 'run over', how: 'stopped' },
  { at: RUN, until: { lateS: 45 } },
  { at: RUN, until: { lateS: 45 }, how: 'stopped' },
);

/** True for a request that commits so late that no client can know of it. */
export const isTooLate = ({ until }: CutCase): boolean => typeof until === 'object';

const HOW: Record<CutCase['how'], string> = {
  cut: 'cut off',
  mute: 'what it sends to Temporal is lost',
  deaf: 'what Temporal sends it is lost',
  stopped: 'SIGSTOP, and cut off',
};

/** Returns the cells of a line in the table of cuts. */
export const wordsOf = ({ at, how, until, provider, store }: CutCase): string[] => {
  const { step, on, passesBefore = 0 } = at;
  const when = typeof until === 'object' ? `${until.lateS} s after the other worker has it` : until;
  return [
    `${step}${passesBefore > 0 ? ' of a rerun' : ''}`,
    on,
    HOW[how],
    when,
    provider.name,
    store,
  ];
};
