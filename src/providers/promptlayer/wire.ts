import { z } from 'zod';
import { byName } from '../../contract/by-name.ts';
import type { Json, JsonObject } from '../../contract/json.ts';
import { Id } from '../json-api.ts';

/**
 * Schemas of the PromptLayer Tables replies (API v2) that are used. Lenient: unknown fields and
 * words pass, and where the reference contradicts itself both forms are accepted.
 */

const Whole = z.int().nonnegative();
const Count = Whole.nullish().catch(null);
/** Counter of a status; left out at 0. */
const Counter = Whole.nullish().transform((count) => count ?? 0);

/** Skips validation: the JSON parser produced the value. */
const AnyJson = z.custom<Json>(() => true);

const Paging = z.object({ next_cursor: z.string().nullish(), has_more: z.boolean().nullish() });

/** Accepts the cursor at the top or under `pagination`: the reference shows both. */
const listOf = <Item extends z.ZodType>(item: Item) =>
  z
    .object({ data: z.array(item), pagination: Paging.nullish().catch(null), ...Paging.shape })
    .transform(({ data, pagination, ...top }) => {
      const next = pagination?.next_cursor ?? top.next_cursor ?? null;
      const more = pagination?.has_more ?? top.has_more ?? next !== null;
      return { data, next: more && next !== '' ? next : null };
    });

const TableWire = z.object({
  id: Id,
  title: z.string().nullish(),
  workspace_id: Id.nullish().catch(null),
  sheet_count: Count,
  created_at: z.string().nullish(),
});
export type TableWire = z.infer<typeof TableWire>;

export const TablesReply = listOf(TableWire);

const SheetWire = z.object({ id: Id, title: z.string().nullish(), row_count: Count });
/** Reply with a new table, maybe with a sheet. */
export const TableReply = z.object({
  table: TableWire,
  default_sheet: SheetWire.nullish().catch(null),
});
export const SheetsReply = listOf(SheetWire);
export const SheetReply = z.object({ sheet: SheetWire });

const ColumnWire = z.object({
  id: Id,
  title: z.string(),
  type: z.string().default(''),
  config: z
    .custom<JsonObject>((value) => typeof value === 'object' && value !== null)
    .nullish()
    .catch(null),
});
export type ColumnWire = z.infer<typeof ColumnWire>;
export const ColumnReply = z.object({ column: ColumnWire });

const Metrics = z.object({
  request_count: Count,
  // A price with more digits than a number can store arrives as text.
  price: z
    .union([z.number(), z.string().min(1).transform(Number).pipe(z.number())])
    .nullish()
    .catch(null),
  input_tokens: Count,
  output_tokens: Count,
});

const CellWire = z.object({
  id: Id.nullish().catch(null),
  status: z.string().nullish(),
  display_value: z.string().nullish().catch(null),
  value: AnyJson.optional(),
  error: z.string().nullish().catch(null),
  error_message: z.string().nullish().catch(null),
  updated_at: z.string().nullish().catch(null),
  request_metrics: Metrics.nullish().catch(null),
});
export type CellWire = z.infer<typeof CellWire>;

/** Any id is accepted as a key: the parser's own records leave some names out. */
const Cells = z
  .custom<JsonObject>(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    'expected an object',
  )
  .transform((value, context) => {
    const cells = byName<CellWire>();
    for (const [id, cell] of Object.entries(value)) {
      const read = CellWire.safeParse(cell);
      if (read.success) cells[id] = read.data;
      else {
        for (const { path, message } of read.error.issues) {
          context.issues.push({ code: 'custom', input: cell, path: [id, ...path], message });
        }
      }
    }
    return cells;
  });

const RowWire = z.object({
  row_index: Whole,
  cells: Cells.nullish(),
});
export type RowWire = z.infer<typeof RowWire>;

const rowFields = z.object({
  row_count: Count,
  columns: z.array(ColumnWire).nullish().catch(null),
  version: Count,
});

/** Page of rows; the first one includes the columns. */
export const RowsReply = z.unknown().transform((value, context) => {
  const list = listOf(RowWire).safeParse(value);
  const fields = rowFields.safeParse(value);
  if (list.success && fields.success) return { ...list.data, ...fields.data };
  const { issues } = (list.success ? fields.error : list.error) ?? { issues: [] };
  for (const { path, message } of issues) {
    context.issues.push({ code: 'custom', input: value, path, message });
  }
  return z.NEVER;
});

export const AddedRowsReply = z.object({
  row_indices: z.array(Whole).nullish(),
  start_row_index: Whole.nullish(),
});

/**
 * Reply that queued an operation, had nothing to do (`cell_count: 0`), or asks for confirmation.
 */
export const OperationReply = z.object({
  success: z.boolean().nullish(),
  requires_confirmation: z.boolean().nullish(),
  confirmation_token: z.string().nullish(),
  affected_cell_count: Count,
  cell_count: Count,
  virtual_cell_count: Count,
  operation_id: Id.nullish(),
  execution_id: Id.nullish(),
  execution_ids: z.array(Id).nullish().catch(null),
  message: z.string().nullish(),
});
export type OperationReply = z.infer<typeof OperationReply>;

const OperationWire = z.object({
  operation_id: Id.nullish(),
  status: z.string(),
  cell_count: Counter,
  completed_count: Counter,
  failed_count: Counter,
  pending_count: Counter,
});
export type OperationWire = z.infer<typeof OperationWire>;

/** Nested under `operation` as documented, or plain. */
export const OperationStatusReply = z.union([
  z.object({ operation: OperationWire }).transform(({ operation }) => operation),
  OperationWire,
]);

export const SheetStatusReply = z.object({
  total_cells: Counter,
  // Unknown words may have any value.
  status_counts: z
    .record(z.string(), Whole.catch(0))
    .nullish()
    .transform((counts) => counts ?? {}),
  pending_count: Counter,
  active_operations: z
    .array(z.object({ operation_id: Id.nullish() }))
    .nullish()
    .catch(null),
});
export type SheetStatusReply = z.infer<typeof SheetStatusReply>;

/**
 * Cancelled cells include running ones; those not started are counted separately. 2xx without a
 * body means cancelled, without a number.
 */
export const CancelReply = z
  .object({ cancelled_cell_count: Count, not_started_reset_count: Count })
  .nullable();

/** Ignores the body of deletes and renames: a 2xx status is enough. */
export const AnyReply = z.unknown();
