import type { Json, JsonObject } from '../contract/json.ts';
import { createHttpClient } from '../http/client.ts';
import { textOf } from './fields.ts';
import type { ConnectionOptions } from './json-api.ts';
import { LIVE_TAG, needed, newLiveTag, type LivePace } from './live-check.ts';
import { liveCalls, type LiveCall, type LiveReply } from './live-http.ts';
import type { LiveTables } from './live-tables.ts';
import type { CallContext } from './provider.ts';

/** Connection to the API of a live check. */
export interface LiveConnection {
  call: LiveCall;
  pace: LivePace;
  /** Tag of the tables of this check. */
  tag: string;
}

/** Connects to the API; only `headers` have the token. */
export function connectLive(
  options: Omit<ConnectionOptions, 'token'>,
  headers: Record<string, string>,
  pace: LivePace,
): LiveConnection {
  const http = createHttpClient({ ...options, headers: () => headers });
  return { call: liveCalls(http, pace.pollMs), pace, tag: newLiveTag() };
}

/** Shared state of the questions about one table. Each provider adds its own. */
export class LiveBench implements LiveTables {
  readonly #call: LiveCall;
  readonly #root: string;
  readonly pace: LivePace;
  readonly tag: string;
  readonly made = new Set<string>();
  tableId: string | null = null;
  /** True after a create request whose reply was lost. */
  mayHaveMore = false;
  /** Reason to ask no further paid question: more cells ran than requested. */
  stopped: string | null = null;

  /** @param root Path that all paths start from */
  constructor({ call, pace, tag }: LiveConnection, root = '') {
    this.#call = call;
    this.#root = root;
    this.pace = pace;
    this.tag = tag;
  }

  get(ctx: CallContext, path: string, query?: Record<string, string | number>): Promise<LiveReply> {
    return this.#call(ctx, 'GET', this.#root + path, query === undefined ? {} : { query });
  }

  post(ctx: CallContext, path: string, body: Json): Promise<LiveReply> {
    return this.#call(ctx, 'POST', this.#root + path, { body });
  }

  delete(ctx: CallContext, path: string): Promise<LiveReply> {
    return this.#call(ctx, 'DELETE', this.#root + path);
  }

  /** Name of the check's tables. */
  get title(): string {
    return `${TITLE} ${this.tag}`;
  }

  /** Creates a table and remembers its id. @throws NotReached if the reply has no id */
  protected async createTable(
    ctx: CallContext,
    path: string,
    body: Json,
    tableIn: (json: Json | null) => JsonObject,
  ): Promise<JsonObject & { id: string }> {
    const before = this.mayHaveMore;
    this.mayHaveMore = true;
    const table = tableIn((await this.post(ctx, path, body)).json);
    const id = textOf(table['id']);
    if (id !== '') this.made.add(id);
    this.mayHaveMore = before;
    needed(id === '' ? null : id, 'the table that was made has no id');
    return { ...table, id };
  }
}

/** Beginning of the names of all tables of checks. */
export const TITLE = LIVE_TAG.replace('-', ' ');
