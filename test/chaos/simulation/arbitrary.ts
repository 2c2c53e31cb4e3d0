import fc, { type Arbitrary } from 'fast-check';
import type { FaultScript } from '../../../sandbox/index.ts';
import type { StepName } from '../../../src/contract/names.ts';
import type { ProviderCase } from '../../support/providers/provider-case.ts';
import { operatorActions, reruns } from './operator-actions.ts';
import type { ChaosScript, Kill, LostResult, WorkerAbsence } from './script.ts';

type RequestRule = NonNullable<FaultScript['requests']>[number];
type CellRule = NonNullable<FaultScript['cells']>[number];
type CreditRule = NonNullable<FaultScript['credits']>[number];
type WaveRule = NonNullable<FaultScript['waves']>[number];

/** Activities of a run, by how often something happens in them that may go wrong. */
const STEPS: readonly StepName[] = [
  'startPass',
  'startPass',
  'startPass',
  'loadRows',
  'loadRows',
  'ensureTable',
  'collectResults',
  'publishResults',
  'awaitIdle',
  'prepareRows',
];

/** Mostly few, so that a run gets far enough for the rest of the script. */
const few = (most: number): Arbitrary<number> =>
  fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: 1, max: 3 }) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: most }) },
  );

/**
 * Longest delay of a request that still commits: the rest that the API leaves open is in
 * docs/design/reliability.md.
 */
const MAX_COMMIT_DELAY_MS = 9_000;

const kill: Arbitrary<Kill> = fc.record({
  during: fc.oneof(
    { weight: 7, arbitrary: fc.constantFrom(...STEPS) },
    { weight: 1, arbitrary: fc.constant('workflow') },
  ),
  nth: few(6),
  step: fc.integer({ min: 1, max: 40 }),
  commitsLaterMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: MAX_COMMIT_DELAY_MS })),
  downMs: fc.constantFrom(500, 5_000, 40_000, 180_000),
});

/** Shorter than the heartbeat time-out, or long enough for another worker to take over. */
const absence: Arbitrary<WorkerAbsence> = fc.record({
  during: fc.constantFrom(...STEPS),
  nth: fc.constantFrom(1, 1, 1, 2, 3),
  step: fc.integer({ min: 1, max: 12 }),
  how: fc.constantFrom('cut off' as const, 'stands still' as const),
  forMs: fc.constantFrom(10_000, 35_000, 60_000, 150_000, 900_000),
  answeredLaterMs: fc.constantFrom(0, 20_000, 40_000, 55_000),
});

const lost: Arbitrary<LostResult> = fc.record({ of: fc.constantFrom(...STEPS), nth: few(5) });

/** Draws the run of a fault: the run itself, or a rerun of it. */
const inEither = <T extends object>(trouble: Arbitrary<T>): Arbitrary<T & { rerun?: number }> =>
  fc
    .tuple(trouble, fc.constantFrom(0, 0, 1, 2))
    .map(([what, rerun]) => (rerun === 0 ? what : { ...what, rerun }));

/** Choice of the requests on a route: once or a few times, so that it ends some day. */
const chosen: Arbitrary<Partial<RequestRule>> = fc.oneof(
  fc.record({ nth: few(8) }),
  fc.record({ nth: fc.uniqueArray(few(8), { minLength: 2, maxLength: 3 }) }),
  fc.record({ every: fc.integer({ min: 2, max: 5 }), times: fc.integer({ min: 1, max: 6 }) }),
  fc.record({
    probability: fc.constantFrom(0.05, 0.2, 0.5),
    times: fc.integer({ min: 1, max: 8 }),
  }),
);

const phase = fc.constantFrom('before' as const, 'after' as const);

const READS = ['find-tables', 'read-status', 'read-rows', 'read-account'];

/** Returns the faults of a request, by kind: the rows of the table at the end. */
function requestFaults({
  changes,
  rowsField,
}: ProviderCase): Record<string, Arbitrary<RequestRule>> {
  const changing = fc.constantFrom('start-run', 'start-run', ...changes);
  const any = fc.constantFrom(...changes, ...READS, '* /**');
  const rule = (on: Arbitrary<string>, fault: Arbitrary<object>): Arbitrary<RequestRule> =>
    fc.tuple(on, chosen, fault).map(
      ([where, which, what]) =>
        // The three together are a rule of the sandbox's script, which checks it when it is read.
        ({ on: where, ...which, ...what }) as RequestRule,
    );
  const delay = { fault: fc.constant('delay') };
  const long = fc.constantFrom(20_000, 70_000, 130_000);
  return {
    'lost replies': rule(changing, fc.record({ fault: fc.constant('reset'), phase })),
    'broken connections': rule(any, fc.record({ fault: fc.constant('reset'), phase })),
    'late requests': rule(
      changing,
      fc.record({
        fault: fc.constant('late'),
        afterMs: fc.integer({ min: 50, max: MAX_COMMIT_DELAY_MS }),
        then: fc.constantFrom('reset', 500, 502, 504),
      }),
    ),
    'server errors': rule(
      any,
      fc.record({
        fault: fc.constant('error'),
        status: fc.constantFrom(500, 502, 503, 504),
        body: fc.constantFrom('html', 'json', 'empty'),
        phase,
      }),
    ),
    outages: fc.record({
      on: fc.constant('* /**'),
      fault: fc.constant('reset' as const),
      nth: fc.integer({ min: 3, max: 60 }),
      lastsMs: fc.constantFrom(5_000, 60_000, 600_000),
    }),
    'rate limits': rule(
      any,
      fc.record({
        fault: fc.constant('rate-limit'),
        retryAfter: fc.constantFrom('seconds', 'date', 'none'),
        seconds: fc.constantFrom(1, 10, 90),
      }),
    ),
    'no credits': rule(
      fc.constant('start-run'),
      fc.record({ fault: fc.constant('payment'), reason: fc.constant('insufficient_credits') }),
    ),
    'token refused': rule(
      any,
      fc.record({ fault: fc.constant('denied'), status: fc.constantFrom(401, 403) }),
    ),
    'cut bodies': rule(
      any,
      fc.record({ fault: fc.constant('truncate'), bytes: fc.constantFrom(0, 20, 300) }),
    ),
    'slow bodies': rule(
      any,
      fc.record({
        fault: fc.constant('slow-body'),
        bytes: fc.constant(200),
        everyMs: fc.constantFrom(20, 5_000),
        atMostMs: fc.constantFrom(500, 30_000),
        then: fc.constantFrom('rest', 'reset'),
      }),
    ),
    'odd refusals': rule(
      fc.constantFrom('read-status', 'read-rows', 'read-account'),
      fc.record({
        fault: fc.constant('refuse'),
        status: fc.constantFrom(301, 400, 404, 409, 418),
        body: fc.constantFrom('json', 'html', 'empty'),
      }),
    ),
    'narrow tokens': fc.record({
      on: fc.constant('GET /v1/user'),
      fault: fc.constant('denied' as const),
      status: fc.constantFrom(401 as const, 403 as const),
    }),
    'small pages': fc.record({
      on: fc.constant('read-rows'),
      fault: fc.constant('page-limit' as const),
      rows: fc.integer({ min: 1, max: 60 }),
      status: fc.constantFrom(400 as const, 413 as const, 422 as const),
    }),
    // For good: a row that is refused alone is left out.
    'refused rows': fc.record({
      on: fc.constant('add-rows'),
      fault: fc.constant('refuse' as const),
      status: fc.constantFrom(400, 413, 422),
      contains: fc.integer({ min: 0, max: 40 }).map((row) => `"Company ${row}"`),
    }),
    // For good, once something is paid: before that a table that cannot be read is given up.
    'unreadable rows': fc.record({
      on: fc.constant('read-rows'),
      fault: fc.constant('unreadable-rows' as const),
      rows: fc.uniqueArray(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 2 }),
      how: fc.constantFrom('error' as const, 'nan' as const, 'shape' as const),
      status: fc.constantFrom(500 as const, 503 as const, 422 as const),
      while: fc.constant({ cellsPaid: { atLeast: 1 } }),
    }),
    'compressed bodies': rule(
      any,
      fc.record({
        fault: fc.constant('compressed'),
        how: fc.constantFrom('gzip', 'deflate', 'br'),
      }),
    ),
    'wrong bodies': rule(
      any,
      fc.record({ fault: fc.constantFrom('empty', 'content-type', 'control-characters') }),
    ),
    'unknown words': rule(
      any,
      fc.record({
        fault: fc.constant('unknown'),
        words: fc.constantFrom({}, { requested: 'queued', in_progress: 'thinking' }),
      }),
    ),
    // A request that is held back longer than its caller lives commits late: reads only.
    delays: fc.oneof(
      rule(any, fc.record({ ...delay, ms: fc.constantFrom(500, 10_000), phase })),
      rule(any, fc.record({ ...delay, ms: long, phase: fc.constant('after' as const) })),
      rule(fc.constantFrom(...READS), fc.record({ ...delay, ms: long, phase })),
    ),
    'unstable pages': rule(
      fc.constant('read-rows'),
      fc.record({
        fault: fc.constant('pages'),
        how: fc.constantFrom('shift', 'repeat', 'miss'),
        rows: fc.integer({ min: 1, max: 5 }),
      }),
    ),
    'error bodies with 200': rule(
      fc.constant('start-run'),
      fc.record({ fault: fc.constant('refuse'), status: fc.constant(200) }),
    ),
    // For good: what a request may hold does not change.
    'refused scopes': fc.record({
      on: fc.constant('start-run'),
      fault: fc.constant('refuse' as const),
      status: fc.constantFrom(422, 400, 413),
      longer: fc.oneof(
        fc.constantFrom({ columns: 1 }, { column_ids: 1 }),
        fc.integer({ min: 1, max: 40 }).map((most) => ({ rows: most })),
        fc.integer({ min: 1, max: 40 }).map((most) => ({ row_ids: most })),
      ),
    }),
    'odd columns': fc.record({
      on: fc.constant('* /**'),
      fault: fc.constant('unknown' as const),
      columns: fc.constant(true),
      fields: fc.boolean(),
      words: fc.constant({}),
    }),
    // One in four fails for a while, from the beginning: while the table is made and filled.
    storms: fc
      .tuple(
        fc.integer({ min: 10, max: 60 }),
        fc.constantFrom(
          { fault: 'error', status: 503, body: 'json', phase: 'before' },
          { fault: 'error', status: 500, body: 'html', phase: 'after' },
          { fault: 'reset', phase: 'before' },
          { fault: 'reset', phase: 'after' },
          { fault: 'rate-limit', retryAfter: 'none', seconds: 1 },
          { fault: 'truncate', bytes: 20 },
        ),
      )
      .map(([to, what]) => ({ on: '* /**', to, probability: 0.25, ...what })),
    'odd lists of tables': rule(
      fc.constant('find-tables'),
      fc.record({
        fault: fc.constant('tables'),
        how: fc.constantFrom('late', 'reversed', 'incomplete'),
        ms: fc.integer({ min: 500, max: MAX_COMMIT_DELAY_MS }),
      }),
    ),
    'refused batches': fc
      .tuple(few(4), fc.constantFrom(400, 413, 422))
      .map(([nth, status]): RequestRule => ({
        on: 'add-rows',
        nth,
        fault: 'refuse',
        status,
        longer: { [rowsField]: 1 },
      })),
    'rows without their keys': few(6).map((nth): RequestRule => ({
      on: 'read-rows',
      nth,
      fault: 'unmarked',
    })),
    'status that lags': rule(
      fc.constant('read-status'),
      fc.record({ fault: fc.constant('status-lag'), ms: fc.constantFrom(500, 3_000, 15_000) }),
    ),
  };
}

const share = fc.constantFrom(0.05, 0.2, 0.5);

const cells: Arbitrary<CellRule> = fc.oneof(
  fc.record({
    fault: fc.constant('stuck' as const),
    share,
    at: fc.constantFrom('requested' as const, 'in_progress' as const),
    nudges: fc.constantFrom(1, 2),
  }),
  fc.record({
    fault: fc.constant('stuck' as const),
    share,
    at: fc.constantFrom('requested' as const, 'in_progress' as const),
  }),
  fc.record({
    fault: fc.constant('failing' as const),
    share,
    tries: fc.constantFrom('every' as const, 'first' as const),
  }),
);

const credits: Arbitrary<CreditRule> = fc.record({
  goneAtPaidCells: fc.integer({ min: 1, max: 80 }),
  queued: fc.constantFrom('kept' as const, 'returned' as const),
});

/** Cells are queued late; never as late as the stall time that goes with it. */
const wave: Arbitrary<WaveRule> = fc.record({
  startLagMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 20 * 60_000 })),
  gapMs: fc.oneof(fc.constantFrom(0, 1_000, 5_000, 60_000), fc.integer({ min: 0, max: 60_000 })),
});

const most = <T>(arbitrary: Arbitrary<T>, maxLength: number): Arbitrary<T[]> =>
  fc.array(arbitrary, { maxLength });

const rows = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 30 }) },
  { weight: 2, arbitrary: fc.integer({ min: 40, max: 60 }) },
  { weight: 1, arbitrary: fc.integer({ min: 95, max: 130 }) },
);

/** Random pipelines × fault scripts × kills × what people do. Shrinks towards a quiet small run. */
export function chaosScript(provider: ProviderCase): Arbitrary<ChaosScript> {
  const requests = fc.oneof(...Object.values(requestFaults(provider)));
  const scripts: Arbitrary<ChaosScript> = fc
    .record({
      provider: fc.constant(provider.name),
      rows,
      columns: fc.constantFrom('one' as const, 'two' as const, 'chain' as const),
      sandbox: fc.record({
        seed: fc.integer({ min: 1, max: 1_000 }),
        failRate: fc.constantFrom(0, 0.1, 0.4),
        alwaysFailsRate: fc.constantFrom(0, 0.05),
        statusLagMs: fc.constantFrom(0, 300, 3_000),
        concurrency: fc.constantFrom(5, 50),
        cellMs: fc.constantFrom({ min: 500, max: 3_000 }, { min: 5_000, max: 60_000 }),
      }),
      run: fc.record({
        failedPasses: fc.constantFrom(2, 0, 1),
        stallAfter: fc.constantFrom('5m', '2m', '30m'),
        deadline: fc.constantFrom('6h', '2h', '10m', '1m'),
      }),
      approveAbove: fc.constantFrom(null, null, null, 1),
      faults: fc.record({
        seed: fc.integer({ min: 1, max: 1_000 }),
        requests: most(requests, 5),
        cells: most(cells, 1),
        credits: most(credits, 1),
        waves: most(wave, 1),
      }),
      kills: most(inEither(kill), 5),
      lost: most(inEither(lost), 3),
      actions: operatorActions,
      reruns,
      continueAsNewAfterEvents: fc.constantFrom(null, null, 40, 90),
    })
    .map(completed);
  return fc
    .tuple(
      scripts,
      modes,
      leftOpen(provider),
      ceilings,
      dayBudgets,
      stages,
      limits,
      expectations,
      absences,
    )
    .map(([script, mode, api, ceiling, budget, staged, limited, expected, absent]) => {
      const whole = { ...script, ...api, ...ceiling, ...budget, ...limited, ...absent };
      return expecting(inStages(withMode(whole, mode), staged), expected);
    });
}

/** Every second script has some. */
const absences: Arbitrary<Pick<ChaosScript, 'absences'>> = fc.oneof(
  fc.constant({}),
  fc.record({ absences: fc.array(inEither(absence), { minLength: 1, maxLength: 3 }) }),
);

/** Half of the lists take many requests. */
const limits: Arbitrary<Pick<ChaosScript, 'limits'>> = fc.constantFrom(
  {},
  {},
  { limits: { rowsPerAdd: 3, rowsPerPage: 5 } },
  { limits: { rowsPerAdd: 8, rowsPerPage: 4 } },
);

/** Conditions, with which cells are asked for in stages. */
const stages = fc.constantFrom(
  null,
  null,
  null,
  'when' as const,
  'canary' as const,
  'both' as const,
);

function inStages(script: ChaosScript, staged: ChaosScript['stages'] | null): ChaosScript {
  if (staged === null || staged === undefined) return script;
  // A canary without an answer waits for an operator.
  const approve = { atMs: 3_600_000, do: 'approve' } as const;
  return { ...script, stages: staged, actions: [...script.actions, approve] };
}

/** Consequences of answers that are not as expected. */
const expectations = fc.constantFrom(
  null,
  null,
  null,
  'hold' as const,
  'partial' as const,
  'warn' as const,
);

function expecting(script: ChaosScript, expected: ChaosScript['expect'] | null): ChaosScript {
  if (expected === null || expected === undefined) return script;
  // Results that are held wait for an operator, and so may the rest behind a canary.
  const approvals = [3_700_000, 7_300_000].map((atMs) => ({ atMs, do: 'approve' }));
  return { ...script, expect: expected, actions: [...script.actions, ...approvals] };
}

/** The API is one of those that the reference leaves open. */
const leftOpen = ({ either }: ProviderCase): Arbitrary<Pick<ChaosScript, 'api'>> =>
  fc.subarray([...either], { maxLength: Math.min(2, either.length) }).map((chosen) => {
    const api = chosen.reduce((all, one) => ({ ...all, ...one }), {});
    return chosen.length === 0 ? {} : { api };
  });

/** Two in five have one: below the first pass, or above it by less than its reruns. */
const ceilings: Arbitrary<Pick<ChaosScript, 'ceiling'>> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  {
    weight: 2,
    arbitrary: fc.record({
      ceiling: fc.record({
        share: fc.constantFrom(1, 0.3, 0.75, 1.1, 1.4),
        onCeiling: fc.constantFrom('publish' as const, 'publish' as const, 'ask' as const),
      }),
    }),
  },
);

/** One in five has a day budget: it may be used up by others, or by the first pass. */
const dayBudgets: Arbitrary<Pick<ChaosScript, 'perDay'>> = fc.oneof(
  { weight: 4, arbitrary: fc.constant({}) },
  {
    weight: 1,
    arbitrary: fc.record({
      perDay: fc.record({
        share: fc.constantFrom(2, 1, 1.2),
        usedByOthers: fc.constantFrom(0, 0.5, 2),
      }),
    }),
  },
);

/** Mode of the first pass. */
const modes = fc.constantFrom(null, null, 'all' as const);

const withMode = (script: ChaosScript, mode: 'all' | null): ChaosScript =>
  mode === null ? script : { ...script, run: { ...script.run, mode } };

/** Adds most of the approvals and credits that a run waits for. */
function completed(script: ChaosScript): ChaosScript {
  const { actions, approveAbove, faults } = script;
  const later = [...actions];
  const { reruns: wanted = [] } = script;
  if (approveAbove !== null) later.push({ atMs: 60_000, do: 'approve' });
  if ((faults.credits ?? []).length > 0) later.push({ atMs: 900_000, do: 'top up' });
  const taken = wanted.map((rerun) =>
    approveAbove === null || rerun.approved
      ? rerun
      : { ...rerun, actions: [...rerun.actions, { atMs: 60_000, do: 'approve' }] },
  );
  return { ...script, run: patientEnough(script), actions: later, reruns: taken };
}

/** Longer pauses than the stall time are an API that does not answer. */
function patientEnough({ run, faults }: ChaosScript): ChaosScript['run'] {
  const late = (faults.waves ?? []).some(({ startLagMs = 0 }) => startLagMs > 60_000);
  return late ? { ...run, stallAfter: '30m' } : run;
}
