import { setTimeout as sleep } from 'node:timers/promises';
import type { Json, JsonObject } from '../../../contract/json.ts';
import { listOf, objectOf, textOf } from '../../fields.ts';
import { LiveBench, type LiveConnection } from '../../live-bench.ts';
import { needed } from '../../live-check.ts';
import type { CallContext } from '../../provider.ts';
import { statusOf } from '../cells.ts';

export const TABLES = '/api/public/v2/tables';

export interface SheetRow {
  index: number;
  cells: JsonObject;
}

/** Shared state of the questions about one table with a sheet. */
export class Bench extends LiveBench {
  sheetId: string | null = null;
  textId: string | null = null;
  computedId: string | null = null;
  /** Indices of the bench's rows, as the reply named them. */
  indices: number[] = [];
  /** Cells that ever left their initial state, as `index`. */
  readonly ran = new Set<number>();

  constructor(connection: LiveConnection) {
    super(connection, TABLES);
  }

  get table(): string {
    return pathOf(needed(this.tableId, 'there is no table'));
  }

  get sheet(): string {
    const id = needed(this.sheetId, 'there is no sheet');
    return `${this.table}/sheets/${encodeURIComponent(id)}`;
  }

  async create(ctx: CallContext): Promise<string> {
    const body = { title: this.title, create_default_sheet: false };
    const tableIn = (json: Json | null): JsonObject => objectOf(objectOf(json)['table']);
    return (await this.createTable(ctx, '', body, tableIn)).id;
  }

  async list(ctx: CallContext, name: string): Promise<JsonObject[]> {
    const { json } = await this.get(ctx, '', { name, order: 'asc', limit: 100 });
    return listOf(objectOf(json)['data']).map(objectOf);
  }

  async readRows(ctx: CallContext, limit = 10): Promise<SheetRow[]> {
    const { json } = await this.get(ctx, `${this.sheet}/rows`, {
      limit,
      order: 'asc',
      include_columns: 'false',
    });
    const rows = listOf(objectOf(json)['data'])
      .map(objectOf)
      .map(({ row_index: index, cells }) => ({
        index: typeof index === 'number' ? index : -1,
        cells: objectOf(cells),
      }));
    for (const row of rows) if (this.stateOf(row) !== 'pending') this.ran.add(row.index);
    return rows;
  }

  cellOf({ cells }: SheetRow): JsonObject {
    return objectOf(this.computedId === null ? null : cells[this.computedId]);
  }

  stateOf(row: SheetRow): string {
    const word = textOf(this.cellOf(row)['status']);
    return word === '' ? 'pending' : statusOf(word);
  }

  /** Returns the rows once no cell changes any more. */
  async settled(ctx: CallContext): Promise<SheetRow[]> {
    const { pollMs, settleMs, waitMs } = this.pace;
    const startedMs = performance.now();
    for (let last = '', movedMs = startedMs; ;) {
      const rows = await this.readRows(ctx);
      const nowMs = performance.now();
      const states = rows.map((row) => this.stateOf(row));
      if (states.join() !== last) movedMs = nowMs;
      last = states.join();
      const isStill = !states.includes('running') && nowMs - movedMs >= settleMs;
      if (isStill || nowMs - startedMs >= waitMs) return rows;
      await sleep(pollMs, undefined, ctx.signal === undefined ? {} : { signal: ctx.signal });
    }
  }
}

export const pathOf = (id: string): string => `/${encodeURIComponent(id)}`;
