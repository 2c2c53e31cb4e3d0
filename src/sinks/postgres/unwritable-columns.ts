import type { PostgresTarget } from '../../contract/pipeline.ts';
import type { FlatColumn } from '../formats/flat-columns.ts';
import { quoted, quotedTable } from './names.ts';
import { problemAt } from './table-error.ts';

/** Column of a table that is there. */
export interface TableColumn {
  name: string;
  /** Name of its type in the catalog. */
  type: string;
  /** True if its value follows from other columns. */
  computed: boolean;
  /** True if the table alone numbers its rows in it. */
  identity: boolean;
  /** True if no row may have null. */
  not_null: boolean;
  /** True if each row must bring a value. */
  required: boolean;
}

/** Refuses a table whose columns no result row fits, whatever the answers are. */
export function refuseUnwritable(
  target: PostgresTarget,
  columns: readonly FlatColumn[],
  existing: readonly TableColumn[],
): void {
  const written = new Map(columns.map((column) => [column.name, column]));
  const problems = existing.flatMap((column) => {
    const { name } = column;
    const problem = problemOf(column, written.get(name));
    return problem === null ? [] : [{ ...problem, name }];
  });
  if (problems.length === 0) return;
  const table = quotedTable(target.table);
  const statements = problems.map(
    ({ name, fix }) => `ALTER TABLE ${table} ALTER COLUMN ${quoted(name)} ${fix};`,
  );
  throw problemAt(target, problems.map(({ what }) => what).join('; '), statements.join(' '));
}

/** Finds why no row can be written to a column, or only rows with all answers. */
function problemOf(
  { name, computed, identity, not_null: isNotNull, required }: TableColumn,
  written: FlatColumn | undefined,
): { what: string; fix: string } | null {
  const mustHave = (why: string) => ({
    what: `${name} must have a value, and ${why}`,
    fix: 'DROP NOT NULL',
  });
  if (written === undefined) return required ? mustHave('the results have none') : null;
  if (computed || identity) {
    const fix = computed ? 'DROP EXPRESSION' : 'DROP IDENTITY';
    return { what: `${name} is computed by the table`, fix };
  }
  return isNotNull && written.isAnswer === true ? mustHave('an answer may be missing') : null;
}
