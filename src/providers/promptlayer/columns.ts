import { byName } from '../../contract/by-name.ts';
import type { Json, JsonObject } from '../../contract/json.ts';
import type { ColumnConfig, TableSpec } from '../../contract/pipeline.ts';
import type { Column } from '../../contract/table.ts';
import { configDifference } from '../config-difference.ts';
import type { ColumnComparison } from '../provider.ts';
import { TEXT, typeNamed } from './column-configs.ts';
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
  const dependencies = dependenciesOf(config, there);
  const type = typeOf(config);
  return { ...config, type, ...(dependencies.length > 0 ? { dependencies } : {}) };
}

/** Builds the body of `PATCH …/columns/{column}`: config and dependencies; the type stays. */
export const columnChange = (config: ColumnConfig, there: readonly ColumnWire[]): Json => ({
  config: config['config'] ?? {},
  dependencies: dependenciesOf(config, there),
});

const dependenciesOf = (config: ColumnConfig, there: readonly ColumnWire[]): JsonObject[] =>
  referencesOf(config).flatMap(({ title, entry }) => {
    const column = findColumn(there, title);
    return column === undefined ? [] : [{ ...entry, column_id: column.id }];
  });

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

/** Maps a row's values to column ids. */
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
    values[column.id] = textOfValue(value);
  }
  return values;
}

/** Text columns contain text. */
export const textOfValue = (value: Json): string =>
  value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value);

/**
 * Compares the columns of a sheet with those of the file. Replies do not show dependencies, so only
 * type and config are compared. The type of a column cannot be changed.
 */
export function compareColumns(there: readonly ColumnWire[], spec: TableSpec): ColumnComparison {
  const wanted = wantedColumns(spec);
  const comparison: ColumnComparison = { missing: [], changed: [], others: [] };
  const known = new Set<ColumnWire>();
  for (const config of wanted) {
    const key = titleOf(config);
    const column = findColumn(there, key);
    if (column === undefined) {
      comparison.missing.push(key);
      continue;
    }
    known.add(column);
    const replace = column.type !== '' && typeNamed(column.type) !== typeOf(config);
    const shown = column.config;
    const fields = [
      ...(replace ? ['type'] : []),
      // A reply without a config says nothing about it.
      ...(shown == null ? [] : configDifference(config['config'] ?? {}, shown, 'config')),
    ];
    if (fields.length > 0) comparison.changed.push({ id: column.id, key, fields, replace });
  }
  for (const column of there) {
    if (known.has(column)) continue;
    const input = typeNamed(column.type) === TEXT;
    comparison.others.push({ id: column.id, key: column.title, input });
  }
  return comparison;
}
