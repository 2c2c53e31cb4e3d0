import type { JsonObject } from '../../contract/json.ts';
import type { TableSpec } from '../../contract/pipeline.ts';
import { RowmillError } from '../../errors.ts';
import { type CallContext, UnusableTable } from '../provider.ts';
import { textOf } from './cells.ts';
import type { PromptLayerClient } from './client.ts';
import { SCAFFOLD_TITLE } from './columns.ts';

/**
 * Sheets of tables. Creates a table without a sheet, so that a duplicate is visibly empty, and then
 * the sheet under its title. If the API refuses either, later tables are made with their default
 * sheet.
 */
export class Sheets {
  readonly #api: PromptLayerClient;
  #byDefault = false;

  constructor(api: PromptLayerClient) {
    this.#api = api;
  }

  /**
   * Creates a table with one request.
   * @throws UnusableTable if a table without a sheet was refused: nothing was made, and the next
   * one is requested with its default sheet
   */
  async createTable(ctx: CallContext, body: JsonObject) {
    const byDefault = this.#byDefault;
    try {
      return await this.#api.createTable(
        ctx,
        byDefault ? body : { ...body, create_default_sheet: false },
      );
    } catch (error) {
      if (!isRefused(error) || error.code !== 'request_refused') throw error;
      // A refusal with a sheet as well means that the sheet was not the reason.
      this.#byDefault = !byDefault;
      if (byDefault) throw error;
      throw new UnusableTable(error.what, { where: error.where, cause: error });
    }
  }

  /** Returns the first sheet of the table; a duplicate may exist. */
  async find(tableId: string, spec: TableSpec, ctx: CallContext): Promise<string> {
    const there = await this.#first(tableId, ctx);
    if (there !== null) return there;
    const made = await this.make(tableId, spec, ctx);
    return (await this.#first(tableId, ctx)) ?? made;
  }

  /**
   * Creates the sheet. @throws UnusableTable if the API makes no blank sheet beside the default one
   */
  async make(tableId: string, { settings }: TableSpec, ctx: CallContext): Promise<string> {
    const title = settings?.['sheet'];
    const named = typeof title === 'string' ? title : 'Rows';
    try {
      return (await this.#api.createSheet(ctx, tableId, named)).sheet.id;
    } catch (error) {
      if (!isRefused(error)) throw error;
      this.#byDefault = true;
      throw new UnusableTable(`a blank sheet was refused: ${error.what}`, {
        where: error.where,
        cause: error,
      });
    }
  }

  /** Checks whether the table's only sheet is still blank. */
  async isPristine(tableId: string, ctx: CallContext): Promise<boolean> {
    const { data: sheets } = await this.#api.listSheets(ctx, tableId);
    const [sheet, ...others] = sheets;
    if (sheet === undefined || others.length > 0) return false;
    const place = { tableId, sheetId: sheet.id };
    const query = { limit: 2, include_columns: 'true' };
    const { data: rows, columns, row_count: count } = await this.#api.listRows(ctx, place, query);
    return (
      columns != null &&
      columns.every(({ title }) => title === SCAFFOLD_TITLE) &&
      (count ?? Infinity) <= 1 &&
      rows.length <= 1 &&
      rows.every(({ cells }) => Object.values(cells ?? {}).every((cell) => textOf(cell) === null))
    );
  }

  async #first(tableId: string, ctx: CallContext): Promise<string | null> {
    const { data: sheets } = await this.#api.listSheets(ctx, tableId);
    return sheets[0]?.id ?? null;
  }
}

const REFUSALS: readonly string[] = ['request_refused', 'not_found'];

const isRefused = (error: unknown): error is RowmillError =>
  error instanceof RowmillError && !error.ambiguous && REFUSALS.includes(error.code);
