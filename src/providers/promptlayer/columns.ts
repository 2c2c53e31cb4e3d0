import { byName } from '../../contract/by-name.ts';
import type { Json } from '../../contract/json.ts';
import type { ColumnConfig, TableSpec } from '../../contract/pipeline.ts';
import type { Column } from '../../contract/table.ts';
import { TEXT } from './column-configs.ts';
import { inOrder, referencesOf, titleOf, titlesRead, typeOf } from './dependencies.ts';
import type { ColumnWire } from './wire.ts';

/** Title of the text column with rowmill's key: rows have no ids of their own. */
export const KEY_TITLE = 'rowmill key';

/** Title of the column in a blank sheet (Create Table Sheet). */
export const SCAFFOLD_TITLE = 'Column A';

/**
 * Returns the columns a sheet must have, in creation order; the key is the last of the text
 * columns.
 */
export function wantedColumns({ columns }: TableSpec): ColumnConfig[] {
  const texts = columns.filter((config) => typeOf(config) === TEXT);
  const computed = inOrder(columns).filter((config) => typeOf(config) !== TEXT);
  return [...texts, { title: KEY_TITLE, type: TEXT }, ...computed];
}

/** Finds the column of a title. Of two (after a request committed twice) the first is used. */
export const findColumn = (there: readonly ColumnWire[], title: string): ColumnWire | undefined =>
  there.find((column) => column.title === title);

/**
 * Builds the body of `POST …/columns`: the stored type, and ids of existing columns in place of
 * titles.
 */
export function columnBody(config: ColumnConfig, there: readonly ColumnWire[]): Json {
  const dependencies = referencesOf(config).flatMap(({ title, entry }) => {
    const column = findColumn(there, title);
    return column === undefined ? [] : [{ ...entry, column_id: column.id }];
  });
  const type = typeOf(config);
  return { ...config, type, ...(dependencies.length > 0 ? { dependencies } : {}) };
}

/** Converts the columns of the sheet; ignores foreign ones. */
export function columnsOf(there: readonly ColumnWire[], spec: TableSpec): Column[] {
  const computed = new Set(
    spec.columns.filter((config) => typeOf(config) !== TEXT).map((config) => titleOf(config)),
  );
  return wantedColumns(spec).flatMap((config): Column[] => {
    const title = titleOf(config);
    const column = findColumn(there, title);
    if (column === undefined) return [];
    return [
      {
        id: column.id,
        key: title,
        name: title,
        input: typeOf(config) === TEXT,
        ours: title !== KEY_TITLE,
        dependsOn: titlesRead(config).filter((each) => computed.has(each)),
      },
    ];
  });
}

/** Maps a row's values to column ids; text columns contain text. */
export function valuesOf(
  columns: readonly Column[],
  key: string,
  input: Record<string, Json>,
): Record<string, Json> {
  const values = byName<Json>();
  for (const column of columns) {
    if (!column.input) continue;
    const given = Object.hasOwn(input, column.key) ? (input[column.key] ?? null) : null;
    const value = column.key === KEY_TITLE ? key : given;
    if (value === null) continue;
    values[column.id] = typeof value === 'string' ? value : JSON.stringify(value);
  }
  return values;
}
