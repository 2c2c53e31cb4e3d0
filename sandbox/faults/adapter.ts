import type { Seen } from '../http/intercept.ts';
import type { JsonObject } from '../json.ts';
import type { Problem } from '../http/problem.ts';
import type { Table } from '../engine/table.ts';
import type { SandboxState } from '../engine/state.ts';
import type { RequestKind } from './request-kinds.ts';

/** A request, as far as it says what it is about. */
export type MatchedRequest = Pick<Seen, 'method' | 'route' | 'url' | 'params'>;

/** Page of rows that a client requests. */
export interface MatchedPage {
  /** Field of the reply with the rows. */
  field: string;
  /** Place of the first row in the order asked for, and rows at most. */
  from: number;
  limit: number;
  /** Places in the table, from 0 on, of the rows of this page. */
  places: readonly number[];
  /** The rows that stand elsewhere, in the same order. */
  rowsFrom: (from: number, limit: number) => object[];
}

/** Location of a status in a reply. */
export interface ShownStatus {
  /** Id from `FaultAdapter.statuses`. */
  id: string;
  /** Field with the status; `null` = the reply itself is one. */
  under: string | null;
  /** Fields that show the progress of the cells. */
  cells: readonly string[];
}

/** Description of an API by which faults imitate it. */
export interface FaultAdapter {
  /** Requests of each kind, as `METHOD /path`; none if the API has no such request. */
  readonly requests: Readonly<Record<RequestKind, readonly string[]>>;
  /** Fields with a word for a state, and fields whose keys are state words. */
  readonly vocabulary: { readonly values: readonly string[]; readonly keys: readonly string[] };
  /** Fields of a row with a client's own marks. */
  readonly marks: readonly string[];
  /** Fields with prose. */
  readonly prose: readonly string[];
  /** A refusal in its words. */
  readonly refusal: (problem: Problem) => object;
  /** The engine's tables behind what the path names; `null` when it names none. */
  tables(state: SandboxState, asked: MatchedRequest): readonly Table[] | null;
  /** `null` when no page of rows is asked for, or of a table that is not there. */
  page(state: SandboxState, asked: MatchedRequest): MatchedPage | null;
  /** Everything with a status of its own in the table that the path names, by id, as it stands. */
  statuses(state: SandboxState, asked: MatchedRequest): ReadonlyMap<string, JsonObject>;
  /** `null` when the reply shows no status. */
  statusIn(asked: MatchedRequest): ShownStatus | null;
}
