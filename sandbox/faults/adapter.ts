import type { Seen } from '../http/intercept.ts';
import type { JsonObject } from '../json.ts';
import type { Problem } from '../http/problem.ts';
import type { Table } from '../engine/table.ts';
import type { SandboxState } from '../engine/state.ts';
import type { RequestKind } from './request-kinds.ts';

/** A request, as far as it says what it is about. */
export type MatchedRequest = Pick<Seen, 'method' | 'route' | 'url' | 'params'>;

/** A page of rows that somebody asks for. */
export interface MatchedPage {
  /** Field of the reply that holds the rows. */
  field: string;
  /** Place of the first row in the order asked for, and rows at most. */
  from: number;
  limit: number;
  /** Places in the table, from 0 on, of the rows of this page. */
  places: readonly number[];
  /** The rows that stand elsewhere, in the same order. */
  rowsFrom: (from: number, limit: number) => object[];
}

/** Where a reply shows a status. */
export interface ShownStatus {
  /** Of `Dialect.statuses`. */
  id: string;
  /** Field that holds it; `null` = the reply itself is one. */
  under: string | null;
  /** Those of its fields that tell how far the cells are. */
  cells: readonly string[];
}

/** What faults must know of an API to speak as it does. */
export interface FaultAdapter {
  /** Its requests of each kind, as `METHOD /path`; none where it has no such thing. */
  readonly requests: Readonly<Record<RequestKind, readonly string[]>>;
  /** Fields that hold a word for a state, and fields whose keys are such words. */
  readonly vocabulary: { readonly values: readonly string[]; readonly keys: readonly string[] };
  /** Fields of a row that hold what its client has marked it with. */
  readonly marks: readonly string[];
  /** Fields that hold prose. */
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
