import { z } from 'zod';
import type { JsonObject } from '../../contract/json.ts';
import { Id } from '../json-api.ts';

/**
 * Schemas of the Extruct replies that are used. Lenient: unknown fields and words pass; lists are
 * accepted bare (as documented) or wrapped (as older clients read them).
 */

/** Skips validation: the JSON parser produced the value, and a page has thousands. */
const AnyObject = z.custom<JsonObject>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'expected an object',
);

const Credits = z
  .union([z.number(), z.string().regex(/^-?\d+(\.\d+)?$/)])
  .transform(Number)
  .pipe(z.number());

const Count = z.int().nonnegative();

/** Accepts a bare array, or an object with the array under one of the names. */
const listOf = <Item extends z.ZodType>(item: Item, ...names: string[]) =>
  z.preprocess((value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    const fields = new Map<string, unknown>(Object.entries(value));
    const name = names.find((each) => Array.isArray(fields.get(each)));
    return name === undefined ? value : fields.get(name);
  }, z.array(item));

export const UserReply = z.object({
  user_id: Id.nullish(),
  email: z.string().nullish(),
  available_credits: Credits.nullish().catch(null),
  organization_name: z.string().nullish(),
});

/** Reply with the limits of the plan, which no other endpoint reports. */
export const BillingReply = z.object({
  user: z
    .object({ organization_is_active: z.boolean().nullish().catch(null) })
    .nullish()
    .catch(null),
  subscription: z
    .object({
      requires_subscription: z.boolean().nullish().catch(null),
      plan_tier: z.string().nullish().catch(null),
    })
    .nullish()
    .catch(null),
});

const ColumnWire = z.object({
  id: Id,
  config: z.looseObject({
    kind: z.string().default(''),
    key: z.string().max(255),
    name: z.string().nullish(),
  }),
});
export type ColumnWire = z.infer<typeof ColumnWire>;

export const ColumnsReply = listOf(ColumnWire, 'columns', 'data');

/**
 * Counts computed cells only; there is no counter of failed ones. Any counter may be left out at 0.
 */
const Counter = Count.nullish().transform((count) => count ?? 0);

const StatusWire = z.object({
  num_rows: Counter,
  num_output_columns: Counter,
  num_cells_completed: Counter,
  num_cells_in_progress: Counter,
  run_status: z.string(),
});

const table = {
  id: Id,
  kind: z.string().nullish(),
};

export const TableReply = z.object({ ...table, columns: ColumnsReply.default([]) });
export type TableReply = z.infer<typeof TableReply>;

const Tags = z.array(z.string()).nullish();

/** Reply to reading a table by its id. */
export const OwnTableReply = z.object({
  ...table,
  created_at: z.string().nullish(),
  tags: Tags,
  status: z.object({ num_rows: Count.nullish() }).nullish().catch(null),
});

export const TableStatusReply = z.object({ status: StatusWire });

export const TablesReply = listOf(
  z.object({
    ...table,
    // Of two tables, the older one is kept.
    created_at: z.string().refine((text) => !Number.isNaN(Date.parse(text)), 'not a time'),
    tags: Tags,
    num_rows: Count.nullish(),
  }),
  'tables',
  'data',
  'items',
);

const Metadata = z.looseObject({ rowmill_key: z.string().optional().catch(undefined) });

const RowWire = z.object({
  id: Id,
  data: AnyObject.nullish(),
  metadata: Metadata.nullish().catch(null),
});
export type RowWire = z.infer<typeof RowWire>;

export const RowsReply = listOf(RowWire, 'rows', 'data');

export const DataReply = z.object({
  rows: z.array(RowWire),
  status: z.object({ num_rows: Count }).nullish().catch(null),
});

export const RunReply = z.object({
  id: Id.nullish(),
  num_requested_cells: Count.nullish().catch(null),
  // Error in a success reply without a run.
  error: z.unknown().optional(),
  detail: z.unknown().optional(),
  message: z.unknown().optional(),
});

/** Ignores the body of deletes: a 2xx status is enough. */
export const AnyReply = z.unknown();
