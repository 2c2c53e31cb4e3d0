import type { Json } from '../../contract/json.ts';
import { showUnseen } from './blank.ts';

/** One row as the source has it. */
export interface SourceRow {
  /** From 1: the line in the file where the row starts, or its number in a list. */
  line: number;
  /** What `line` counts. */
  unit: Unit;
  /** By source column. */
  values: Record<string, Json>;
  /** Columns of every row, where the source has a header. */
  header?: readonly string[];
}

export type Unit = 'line' | 'row';

/** A row that cannot be used; the source goes on behind it. */
export interface RowProblem {
  line: number;
  unit: Unit;
  what: string;
  /** Of the row, where it has one. */
  key?: string;
}

export type ReportProblem = (problem: RowProblem) => void;

export const problemText = ({ line, unit, what }: RowProblem): string => `${unit} ${line}: ${what}`;

/** A text from the rows, in quotes, fit for one line of a message. */
export function quoted(text: string, most = 60): string {
  const line = showUnseen(text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' '));
  return `"${line.length <= most ? line : `${line.slice(0, most - 1)}…`}"`;
}
