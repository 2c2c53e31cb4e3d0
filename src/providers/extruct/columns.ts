import type { ColumnConfig, TableSpec } from '../../contract/pipeline.ts';
import type { Column } from '../../contract/table.ts';
import { configDifference } from '../config-difference.ts';
import type { ColumnComparison } from '../provider.ts';
import { automaticColumns, columnDependencies, DEFAULT_KIND, keyOf } from './dependencies.ts';
import type { ColumnWire } from './wire.ts';

/**
 * Converts the columns of a table. Columns that Extruct adds by itself (`input`, profile columns)
 * are not part of the spec. A column that is neither must not be named in a run. Only computed
 * columns are kept as dependencies: nothing waits for the others.
 */
export function columnsOf(wire: ColumnWire[], spec: TableSpec): Column[] {
  const ours = new Set(spec.columns.map(keyOf));
  const computed = new Set(
    wire.filter((column) => !isInput(column)).map((each) => each.config.key),
  );
  const kind = tableKind(spec);
  const automatic = new Set(automaticColumns(kind).map((one) => one.key));
  const columns = wire.map((column): Column => {
    const { key, name } = column.config;
    // Safe cast: parsed from JSON as a loose object, so its other fields are JSON too.
    const config = column.config as ColumnConfig;
    const mentions = isInput(column) ? [] : columnDependencies(config, kind);
    return {
      id: column.id,
      key,
      // Each step carries the name, so long ones are truncated.
      name: (name ?? key).slice(0, 255),
      input: isInput(column),
      ours: ours.has(key),
      dependsOn: mentions.filter((each) => computed.has(each) && each !== key),
    };
  });
  const needed = upstreamOf(
    columns.filter((column) => column.ours || automatic.has(column.key)),
    columns,
  );
  return columns.map((column) =>
    column.input || needed.has(column.key) ? column : { ...column, stray: true },
  );
}

/** Returns the keys of these columns and of all that they wait for. */
function upstreamOf(wanted: readonly Column[], columns: readonly Column[]): ReadonlySet<string> {
  const byKey = new Map(columns.map((column) => [column.key, column]));
  const keys = new Set(wanted.map(({ key }) => key));
  // The loop adds to the set it iterates over.
  for (const key of keys)
    for (const upstream of byKey.get(key)?.dependsOn ?? []) keys.add(upstream);
  return keys;
}

/** Returns the columns of the spec that the table does not have. */
export function missingColumns(wire: ColumnWire[], spec: TableSpec): ColumnConfig[] {
  const there = new Set(wire.map((column) => column.config.key));
  return spec.columns.filter((config) => !there.has(keyOf(config)));
}

export const tableKind = (spec: TableSpec): string => spec.kind ?? DEFAULT_KIND;

const isInput = (column: ColumnWire): boolean => column.config.kind === 'input';

/** Compares the columns of a table with those of the file. */
export function compareColumns(wire: ColumnWire[], spec: TableSpec): ColumnComparison {
  const wanted = new Map(spec.columns.map((config) => [keyOf(config), config]));
  const automatic = new Set(automaticColumns(tableKind(spec)).map(({ key }) => key));
  const comparison: ColumnComparison = {
    missing: missingColumns(wire, spec).map(keyOf),
    changed: [],
    others: [],
  };
  for (const column of wire) {
    const { id, config } = column;
    const { key } = config;
    const own = wanted.get(key);
    if (own !== undefined) {
      // Safe cast: parsed from JSON as a loose object, so its other fields are JSON too.
      const fields = configDifference(own, config as ColumnConfig);
      if (fields.length > 0) {
        comparison.changed.push({ id, key, fields, replace: fields.includes('kind') });
      }
    } else if (!automatic.has(key)) {
      comparison.others.push({ id, key, input: isInput(column) });
    }
  }
  return comparison;
}
