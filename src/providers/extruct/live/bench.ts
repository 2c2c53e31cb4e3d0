import type { Json, JsonObject } from '../../../contract/json.ts';
import { listOf, objectOf, textOf } from '../../fields.ts';
import type { LiveCall, LiveReply } from '../../live-http.ts';
import { needed, type LivePace } from '../../live-check.ts';
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
  /**
   * Whether `requested` cells are part of the count in progress; `null` if never observed alone.
   */
  countsRequested: boolean | null;
  /** Credits by which the balance dropped. */
  lost: number;
}

/** Shared state of the questions about one table. */
export class Bench {
  readonly #call: LiveCall;
  readonly pace: LivePace;
  readonly tag: string;
  readonly made = new Set<string>();
  tableId: string | null = null;
  columns = new Map<string, string>();
  rowIds: string[] = [];
  balance: number | null = null;
  startBalance: number | null = null;
  agentCells = 0;
  /** True after a create request whose reply was lost. */
  mayHaveMore = false;
  /** Reason to ask no further paid question: more cells ran than requested. */
  stopped: string | null = null;
  readonly prices: { automatic: number | null; agent: number | null } = {
    automatic: null,
    agent: null,
  };

  constructor(call: LiveCall, pace: LivePace, tag: string) {
    this.#call = call;
    this.pace = pace;
    this.tag = tag;
  }

  get(ctx: CallContext, path: string, query?: Record<string, string | number>): Promise<LiveReply> {
    return this.#call(ctx, 'GET', path, query === undefined ? {} : { query });
  }

  post(ctx: CallContext, path: string, body: Json): Promise<LiveReply> {
    return this.#call(ctx, 'POST', path, { body });
  }

  delete(ctx: CallContext, path: string): Promise<LiveReply> {
    return this.#call(ctx, 'DELETE', path);
  }

  get table(): string {
    return `/v1/tables/${encodeURIComponent(needed(this.tableId, 'there is no table'))}`;
  }

  row(at: number): string {
    return needed(this.rowIds[at], 'the rows were not made');
  }

  column(key: string): string {
    return needed(this.columns.get(key), `there is no column ${key}`);
  }

  async create(ctx: CallContext, kind: string, configs: JsonObject[]): Promise<JsonObject> {
    const before = this.mayHaveMore;
    this.mayHaveMore = true;
    const { json } = await this.post(ctx, '/v1/tables', {
      name: `rowmill doctor ${this.tag}`,
      kind,
      tags: [this.tag, 'rowmill-doctor'],
      column_configs: configs,
    });
    const table = objectOf(json);
    const id = textOf(table['id']);
    if (id !== '') this.made.add(id);
    this.mayHaveMore = before;
    needed(id === '' ? null : id, 'the table that was made has no id');
    return table;
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
