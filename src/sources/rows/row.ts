import type { Json } from '../../contract/json.ts';
import { showUnseen } from './blank.ts';

/** Row as the source has it. */
export interface SourceRow {
  /** Line in the file where the row starts, or its number in a list; from 1. */
  line: number;
  /** Unit of `line`. */
  unit: Unit;
  /** Values by source column. */
  values: Record<string, Json>;
  /** Columns of every row, if the source has a header. */
  header?: readonly string[];
}

export type Unit = 'line' | 'row';

/** Problem of an unusable row; reading continues behind it. */
export interface RowProblem {
  line: number;
  unit: Unit;
  what: string;
  /** Key of the row, if it has one. */
  key?: string;
  /** The key is that of a row before. Left out: it is not. */
  repeatsKey?: true;
}

export type ReportProblem = (problem: RowProblem) => void;

export const problemText = ({ line, unit, what }: RowProblem): string => `${unit} ${line}: ${what}`;

/** Quotes a text from the rows, fit for one line of a message. */
export function quoted(text: string, most = 60): string {
  const line = showUnseen(text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' '));
  return `"${line.length <= most ? line : `${line.slice(0, most - 1)}…`}"`;
}
