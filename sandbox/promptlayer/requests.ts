import { z } from 'zod';
import { jsonObject } from '../engine/column-config.ts';

/** Schemas of what a client may send, as in the OpenAPI of the reference. */

export const createTable = z.object({
  title: z.string().max(255).nullable().default(null),
  folder_id: z.int().nullable().default(null),
  create_default_sheet: z.boolean().default(true),
});

export const createSheet = z.object({ title: z.string().nullable().default(null) });

const dependencies = z.array(z.object({ column_id: z.string() })).nullable();

export const createColumn = z.object({
  title: z.string().min(1).max(255),
  type: z.string(),
  config: jsonObject.nullable().default(null),
  dependencies: dependencies.default(null),
});

export const updateColumn = z.object({
  title: z.string().min(1).max(255).optional(),
  config: jsonObject.optional(),
  dependencies: dependencies.optional(),
});

/** Body that must have at least one of both fields. */
export const updateCell = z
  .object({ display_value: z.string().nullable().optional(), value: z.json().optional() })
  .refine(
    ({ display_value: shown, value }) => shown !== undefined || value !== undefined,
    'display_value or value is required',
  );

export const recalculateCells = z.object({
  cell_ids: z.array(z.string()).nullable().default(null),
  column_ids: z.array(z.string()).nullable().default(null),
  row_indices: z.array(z.int().min(0)).nullable().default(null),
});

export const addRows = z.object({
  count: z.int().min(1).max(100).default(1),
  values: z.array(jsonObject).nullable().default(null),
});

export const deleteRows = z.object({ row_indices: z.array(z.int().min(0)).min(1) });

export const createOperation = z.strictObject({
  operation: z.literal('recalculate').default('recalculate'),
  column_ids: z.array(z.string()).nullable().default(null),
  row_ids: z.array(z.int().min(0)).nullable().default(null),
  statuses: z.array(z.string()).nullable().default(null),
  confirmation_token: z.string().nullable().default(null),
});

const whole = z
  .string()
  .regex(/^\d+$/, 'Input should be a valid integer')
  .transform(Number)
  .pipe(z.int().min(1).max(100));

const flag = z.stringbool();

export const list = z.object({
  cursor: z.string().optional(),
  limit: whole.default(20),
  order: z.enum(['asc', 'desc']).optional(),
  name: z.string().optional(),
  folder_id: z.string().optional(),
});

export const rows = z.object({
  cursor: z.string().optional(),
  limit: whole.default(100),
  order: z.enum(['asc', 'desc']).default('asc'),
  include_columns: flag.optional(),
  include_row_count: flag.default(true),
  include_system_columns: flag.default(false),
});
