import { z } from 'zod';
import { ENCODINGS } from '../http/encoding.ts';
import { isRequestKind, REQUEST_KINDS } from './request-kinds.ts';

/** Real milliseconds; at most an hour, so that a typing mistake cannot stall a script for ever. */
const ms = z.int().min(0).max(3_600_000);
const count = z.int().min(1);
const share = z.number().min(0).max(1);

const phase = z.enum(['before', 'after']).default('before');

/** Half-open: `atLeast` ≤ value < `below`. */
const bounds = z.strictObject({
  atLeast: z.number().min(0).default(0),
  below: z.number().min(0).default(Infinity),
});

const METHODS = 'GET|POST|PATCH|DELETE';
const ON = new RegExp(`^(\\*|(${METHODS})(\\|(${METHODS}))*) /\\S*$`);
const ON_HINT =
  'expected METHOD /path, such as "POST /v1/tables/{id}/rows", "GET|POST /v1/tables" or "* /**", ' +
  `or one of: ${REQUEST_KINDS.join(', ')}`;

/** Which requests a rule is for. */
const when = {
  name: z.string().min(1).max(200).optional(),
  on: z.string().refine((on) => isRequestKind(on) || ON.test(on), ON_HINT),
  /** Fields of the request's JSON body that must be equal. */
  where: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).default({}),
  /** Lists in the request's JSON body that must have more entries than this. */
  longer: z.record(z.string(), z.int().min(0)).default({}),
  /** A text that the request's JSON body has in it. */
  contains: z.string().min(1).optional(),
  /** Conditions on the table in the path, or on all tables; `ms`: since the sandbox was started. */
  while: z
    .strictObject({
      rows: bounds.optional(),
      cellsDone: bounds.optional(),
      cellsPaid: bounds.optional(),
      ms: bounds.optional(),
    })
    .default({}),
  nth: z
    .union([count, z.array(count).min(1)], { error: 'expected a number from 1 on, or a list' })
    .optional(),
  every: count.optional(),
  from: count.optional(),
  to: count.optional(),
  probability: share.default(1),
  times: count.optional(),
  lastsMs: ms.optional(),
};

const rule = <K extends string, S extends z.ZodRawShape>(fault: K, more: S) =>
  z.strictObject({ ...when, fault: z.literal(fault), ...more });

const KINDS = [
  rule('delay', {
    phase,
    ms: z.union([ms, z.strictObject({ min: ms, max: ms })], {
      error: 'expected milliseconds, or {min, max}',
    }),
  }),
  rule('reset', { phase }),
  rule('late', {
    afterMs: ms,
    then: z.union([z.literal('reset'), z.literal([500, 502, 503, 504])]).default('reset'),
  }),
  rule('error', {
    phase,
    status: z.int().min(500).max(599).default(502),
    body: z.enum(['html', 'json', 'empty']).default('html'),
  }),
  rule('refuse', {
    status: z.int().min(200).max(499).default(422),
    body: z.enum(['html', 'json', 'empty']).default('json'),
  }),
  rule('rate-limit', {
    retryAfter: z.enum(['seconds', 'date', 'none', 'nonsense']).default('seconds'),
    seconds: z.int().min(0).max(604_800).default(1),
    /** Number of these requests per second that pass; left out: none. */
    above: count.optional(),
  }),
  rule('payment', {
    reason: z.enum(['plan_required', 'payment_failed', 'insufficient_credits']),
  }),
  rule('denied', { status: z.literal([401, 403]).default(401) }),
  rule('truncate', { bytes: z.int().min(0).default(20) }),
  rule('slow-body', {
    bytes: count.default(16),
    everyMs: ms.default(20),
    atMostMs: ms.default(2_000),
    then: z.enum(['rest', 'reset']).default('rest'),
  }),
  rule('content-type', { type: z.string().min(1).default('text/html; charset=utf-8') }),
  rule('empty', {}),
  rule('compressed', { how: z.enum(ENCODINGS).default('gzip') }),
  rule('control-characters', {}),
  rule('unknown', {
    fields: z.boolean().default(true),
    columns: z.boolean().default(false),
    words: z.record(z.string(), z.string()).default({
      requested: 'queued',
      in_progress: 'thinking',
      running: 'warming_up',
      queued: 'lined_up',
    }),
  }),
  rule('pages', { how: z.enum(['shift', 'repeat', 'miss']), rows: z.int().default(1) }),
  rule('page-limit', { rows: count, status: z.literal([400, 413, 422]).default(422) }),
  rule('unreadable-rows', {
    rows: z.array(z.int().min(0)).min(1),
    how: z.enum(['error', 'nan', 'shape']).default('error'),
    status: z.union([z.literal([400, 413, 422]), z.int().min(500).max(599)]).default(500),
  }),
  rule('tables', { how: z.enum(['late', 'reversed', 'incomplete']), ms: ms.default(10_000) }),
  rule('unmarked', {}),
  rule('status-lag', { ms, counts: z.enum(['cells', 'all']).default('cells') }),
] as const;

const names = KINDS.map(({ shape }) => shape.fault.value).join(', ');

const requestRule = z
  .discriminatedUnion('fault', KINDS, { error: `"fault" is one of: ${names}` })
  .superRefine(({ nth, every, from, to }, ctx) => {
    const ways = [nth, every, from ?? to].filter((way) => way !== undefined);
    if (ways.length > 1) {
      ctx.addIssue({ code: 'custom', message: 'choose one of nth, every, and from with to' });
    }
    if (from !== undefined && to !== undefined && from > to) {
      ctx.addIssue({ code: 'custom', path: ['to'], message: 'is below "from"' });
    }
  });

/** Kinds of cell faults. */
const cellKinds = {
  name: z.string().min(1).max(200).optional(),
  /** Column keys. @default every column that costs something */
  columns: z.array(z.string()).min(1).optional(),
  share,
};

const cellRule = z.discriminatedUnion(
  'fault',
  [
    z.strictObject({
      ...cellKinds,
      fault: z.literal('stuck'),
      at: z.enum(['requested', 'in_progress']).default('in_progress'),
      /** Runs that must ask for the cell again before it moves; without it: never. */
      nudges: count.nullable().default(null),
    }),
    z.strictObject({
      ...cellKinds,
      fault: z.literal('failing'),
      tries: z.enum(['first', 'every']).default('every'),
    }),
  ],
  { error: '"fault" is one of: stuck, failing' },
);

const creditRule = z.strictObject({
  name: z.string().min(1).max(200).optional(),
  goneAtPaidCells: count,
  /** Time after which the account is topped up again; left out: never. */
  backAfterMs: ms.nullable().default(null),
  /** Handling of queued cells that cannot be paid: they wait, or are `created` again. */
  queued: z.enum(['kept', 'returned']).default('kept'),
});

/** Cells are queued some time after they could be; until then nothing shows that they will be. */
const waveRule = z.strictObject({
  name: z.string().min(1).max(200).optional(),
  /** Column keys. @default every column */
  columns: z.array(z.string()).min(1).optional(),
  /** Delay after a run asked for them, of cells that wait for nothing. */
  startLagMs: ms.default(0),
  /** Delay after the cells that they wait for are done. */
  gapMs: ms.default(0),
});

/** A name for every rule: what `hits` counts them under. */
const named = <R extends { name?: string | undefined }>(rules: R[], of: (rule: R) => string) =>
  rules.map((one, at) => ({ ...one, name: one.name ?? `${of(one)} #${at + 1}` }));

export const faultScript = z
  .strictObject({
    seed: z.int().min(0).default(1),
    requests: z.array(requestRule).max(1_000).default([]),
    cells: z.array(cellRule).max(100).default([]),
    credits: z.array(creditRule).max(100).default([]),
    waves: z.array(waveRule).max(100).default([]),
  })
  .superRefine((script, ctx) => {
    const seen = new Set<string>();
    for (const list of ['requests', 'cells', 'credits', 'waves'] as const) {
      for (const [at, { name }] of script[list].entries()) {
        if (name !== undefined && seen.has(name)) {
          const message = `another rule is called "${name}"`;
          ctx.addIssue({ code: 'custom', path: [list, at, 'name'], message });
        }
        if (name !== undefined) seen.add(name);
      }
    }
  })
  .transform((script) => ({
    seed: script.seed,
    requests: named(script.requests, ({ fault, on }) => `${fault} ${on}`),
    cells: named(script.cells, ({ fault }) => `${fault} cells`),
    credits: named(script.credits, ({ goneAtPaidCells }) => `credits gone at ${goneAtPaidCells}`),
    waves: named(script.waves, ({ startLagMs, gapMs }) => `waves ${startLagMs}/${gapMs}`),
  }));

/** A script as it is written (docs/reference/fault-scripts.md). */
export type FaultScript = z.input<typeof faultScript>;

/** Fault script with all defaults filled in. */
export type Script = z.output<typeof faultScript>;
export type RequestRule = Script['requests'][number];
export type CellRule = Script['cells'][number];
export type CreditRule = Script['credits'][number];
export type WaveRule = Script['waves'][number];

/** Pace at which a body is sent. */
export interface SlowBodyPace {
  /** Bytes sent at once … */
  bytes: number;
  everyMs: number;
  /** … for so long at most; then the rest at once, or the end. */
  atMostMs: number;
  then: 'rest' | 'reset';
}
