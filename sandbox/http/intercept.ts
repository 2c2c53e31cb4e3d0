import type { ServerResponse } from 'node:http';
import type { Encoding } from './encoding.ts';
import type { SlowBodyPace } from '../faults/script.ts';

/** A reply as it is about to be sent; `body` is the JSON text. */
export interface Outgoing {
  status: number;
  headers: Record<string, string>;
  body: string;
  /** Encoding of the body; its header is among `headers`. */
  encoding?: Encoding;
}

/** A request as the hook for faults sees it. */
export interface Seen {
  /**
   * Moment of the call: before anything was done, or when all is done and only the reply is
   * missing.
   */
  phase: 'before' | 'after';
  method: string;
  /** Route with placeholders: `/v1/tables/:table_id/rows`. */
  route: string;
  /** Original URL, with the query. */
  url: string;
  params: Record<string, string>;
  /** Parsed; the text where it is not JSON; `undefined` without a body. */
  body: unknown;
  /** 1, 2, … over all API requests since the start, and over those of this method and route. */
  serial: number;
  nth: number;
  /** Reply in phase `after`, else `null`. */
  reply: Outgoing | null;
  /** The raw reply with its socket, for what the actions do not cover (see `taken`). */
  raw: ServerResponse;
}

/** Action that replaces the normal reply. A delay needs none: the hook may wait. */
export type Action =
  /**
   * Breaks the connection: `before` = nothing was done, `after` = done, but the client does not
   * know.
   */
  | { do: 'reset' }
  /** Sends this reply; in phase `before` nothing is done. */
  | ({ do: 'reply' } & Outgoing)
  /** Sends only the first bytes of the body (of the reply, or `of` another), then breaks. */
  | { do: 'truncate'; bytes: number; of?: Outgoing }
  /** The reply is sent bit by bit. */
  | { do: 'slow-body'; pace: SlowBodyPace; of: Outgoing }
  /** Phase `before`: the client gets `then` at once, the request is carried out later. */
  | { do: 'late'; afterMs: number; then: 'reset' | Outgoing }
  /** The hook has answered through `raw` itself; in phase `before` nothing is done. */
  | { do: 'taken' };

/** Called twice for every API request, before and after; `undefined` = carry on. */
export type Intercept = (seen: Seen) => Action | undefined | Promise<Action | undefined>;
