import type { Json, JsonObject } from '../../../contract/json.ts';
import { listOf, objectOf, textOf } from '../../fields.ts';
import { LiveBench } from '../../live-bench.ts';
import { LIVE_TAG, needed } from '../../live-check.ts';
import type { CallContext } from '../../provider.ts';

/**
 * Key of the bench's own column, which asks for almost nothing and waits only for the automatic
 * ones.
 */
export const AGENT_KEY = 'doctor';

export const AGENT: JsonObject = {
  kind: 'agent',
  key: AGENT_KEY,
  name: 'Doctor',
  value: { agent_type: 'llm', prompt: 'Answer with the word yes.', output_format: 'text' },
};

/** Observed table run. */
export interface Watched {
  requested: number | null;
  /** Time until the status was `running`, in ms; `null` if never observed. */
  runningAfterMs: number | null;
  endedAfterMs: number | null;
  /** Set if `requested` cells are part of the count in progress; `null` if never observed alone. */
  countsRequested: boolean | null;
  /** Credits by which the balance dropped. */
  lost: number;
}

/** Shared state of the questions about one company table. */
export class Bench extends LiveBench {
  columns = new Map<string, string>();
  rowIds: string[] = [];
  balance: number | null = null;
  startBalance: number | null = null;
  agentCells = 0;
  readonly prices: { automatic: number | null; agent: number | null } = {
    automatic: null,
    agent: null,
  };

  get table(): string {
    return `/v1/tables/${encodeURIComponent(needed(this.tableId, 'there is no table'))}`;
  }

  row(at: number): string {
    return needed(this.rowIds[at], 'the rows were not made');
  }

  column(key: string): string {
    return needed(this.columns.get(key), `there is no column ${key}`);
  }

  create(ctx: CallContext, kind: string, configs: JsonObject[]): Promise<JsonObject> {
    const body = {
      name: this.title,
      kind,
      tags: [this.tag, LIVE_TAG],
      column_configs: configs,
    };
    return this.createTable(ctx, '/v1/tables', body, objectOf);
  }

  async readBalance(ctx: CallContext): Promise<number | null> {
    const credits = objectOf((await this.get(ctx, '/v1/user')).json)['available_credits'];
    const value = typeof credits === 'string' && credits !== '' ? Number(credits) : credits;
    return typeof value === 'number' && Number.isFinite(value) ? value : null;
  }

  async readRows(ctx: CallContext): Promise<Map<string, JsonObject>> {
    const { json } = await this.get(ctx, `${this.table}/data`, { offset: 0, limit: 10 });
    return new Map(
      listOf(objectOf(json)['rows']).map((row) => [
        textOf(objectOf(row)['id']),
        objectOf(objectOf(row)['data']),
      ]),
    );
  }
}

/** Lists the columns of a table as `key kind`. */
export const columnsIn = (table: JsonObject): { id: string; key: string; kind: string }[] =>
  listOf(table['columns']).map((column) => {
    const { id, config } = objectOf(column);
    return {
      id: textOf(id),
      key: textOf(objectOf(config)['key']),
      kind: textOf(objectOf(config)['kind']),
    };
  });

export const stateOf = (cells: JsonObject | undefined, key: string): string =>
  textOf(objectOf(cells?.[key])['status']).toLowerCase() || 'created';

export const tagsOf = (table: Json): Json[] => listOf(objectOf(table)['tags']);
