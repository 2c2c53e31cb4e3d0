import type { PostgresTarget } from '../../contract/pipeline.ts';
import type { FlatColumn } from '../formats/flat-columns.ts';
import { quoted, quotedTable } from './names.ts';
import { problemAt } from './problem.ts';

/** Column of a table that is there. */
export interface TableColumn {
  name: string;
  /** Name of its type in the catalog. */
  type: string;
  /** True if its value follows from other columns. */
  computed: boolean;
  /** True if the table alone numbers its rows in it. */
  identity: boolean;
  /** True if each row must bring a value. */
  required: boolean;
}

/** Refuses a table whose columns no result row fits, whatever the answers are. */
export function refuseUnwritable(
  target: PostgresTarget,
  columns: readonly FlatColumn[],
  existing: readonly TableColumn[],
): void {
  const written = new Set(columns.map(({ name }) => name));
  const problems = existing.flatMap((column) => {
    const { name } = column;
    const isWritten = written.has(name);
    if (!isWritten && column.required) {
      return [
        {
          what: `${name} must have a value, and the results have none`,
          fix: 'DROP NOT NULL',
          name,
        },
      ];
    }
    if (!isWritten || !(column.computed || column.identity)) return [];
    const fix = column.computed ? 'DROP EXPRESSION' : 'DROP IDENTITY';
    return [{ what: `${name} is computed by the table`, fix, name }];
  });
  if (problems.length === 0) return;
  const table = quotedTable(target.table);
  const statements = problems.map(
    ({ name, fix }) => `ALTER TABLE ${table} ALTER COLUMN ${quoted(name)} ${fix};`,
  );
  throw problemAt(target, problems.map(({ what }) => what).join('; '), statements.join(' '));
}
