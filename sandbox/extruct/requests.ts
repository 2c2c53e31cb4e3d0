import { z } from 'zod';
import { columnConfig, jsonObject, RUN_MODES, TABLE_KINDS } from '../engine/column-config.ts';

/**
 * Rows one request may carry. Not in the API's schema; official skills state 50 as its maximum,
 * so a client that sends more finds out here.
 */
const ROWS_PER_REQUEST = 50;

const tags = z.array(z.string()).nullable();

export const createTable = z.object({
  name: z.string().default('Untitled Table'),
  description: z.string().nullable().default(null),
  tags: tags.default(null),
  kind: z.enum(TABLE_KINDS).default('company'),
  column_configs: z.array(columnConfig).nullable().default(null),
});

export const patchTable = z.object({
  name: z.string().optional(),
  description: z.string().nullable().optional(),
  tags: tags.optional(),
  columns_order: z.array(z.string()).nullable().optional(),
});

const metadata = jsonObject.nullable().optional();

export const createRows = z.object({
  rows: z.array(z.object({ data: jsonObject, metadata })).max(ROWS_PER_REQUEST),
  run: z.boolean().default(false),
});

export const patchRows = z.object({
  rows: z
    .array(z.object({ id: z.string().nullable().optional(), data: jsonObject, metadata }))
    .max(ROWS_PER_REQUEST),
  run: z.boolean().default(false),
});

export const deleteRows = z.object({ rows: z.array(z.string()) });

export const createColumns = z.object({
  column_configs: z.array(columnConfig),
  insert_after: z.union([z.boolean(), z.string()]).default(true),
});

export const runTable = z.object({
  mode: z.enum(RUN_MODES).default('new'),
  rows: z.array(z.string()).nullable().default(null),
  columns: z.array(z.string()).nullable().default(null),
});

const whole = z
  .string()
  .regex(/^-?\d+$/, 'Input should be a valid integer')
  .transform(Number);
const many = z.union([z.string(), z.array(z.string())]).transform((tag) => [tag].flat());

export const LIST_LIMIT = 100;

/** `limit` above 100 is let through: the API answers it with 400, not 422. */
export const listQuery = z.object({
  kind: z.enum(TABLE_KINDS).optional(),
  scope: z.enum(['personal', 'organization']).optional(),
  search: z.string().optional(),
  tags: many.optional(),
  sort: z
    .enum(['created_at', '-created_at', 'name', '-name', 'num_rows', '-num_rows'])
    .default('-created_at'),
  offset: whole.pipe(z.int().min(0)).default(0),
  limit: whole.pipe(z.int().min(1)).default(50),
});

export const dataQuery = z.object({
  offset: whole.pipe(z.int().min(0)).default(0),
  limit: whole.pipe(z.int().min(0)).default(50),
});

export const cloneQuery = z.object({
  schema_only: z.stringbool().default(false),
});
