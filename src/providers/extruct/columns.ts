import type { ColumnConfig, TableSpec } from '../../contract/pipeline.ts';
import type { Column } from '../../contract/table.ts';
import { automaticColumns, columnDependencies, DEFAULT_KIND, keyOf } from './dependencies.ts';
import type { ColumnWire } from './wire.ts';

/**
 * The columns of a table in our words. The ones Extruct adds by itself (`input` and the profile
 * columns of a company table) are not ours; a column that is neither is stray, as one of a kind that
 * a run must not name. Only computed columns are kept as dependencies: nothing waits for the others.
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
    // Parsed as a loose object out of JSON: its other fields are JSON too.
    const config = column.config as ColumnConfig;
    const mentions = isInput(column) ? [] : columnDependencies(config, kind);
    return {
      id: column.id,
      key,
      // It travels with every step: a heading, not an essay.
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

/** Keys of these columns and of all that they wait for. */
function upstreamOf(wanted: readonly Column[], columns: readonly Column[]): ReadonlySet<string> {
  const byKey = new Map(columns.map((column) => [column.key, column]));
  const keys = new Set(wanted.map(({ key }) => key));
  // Grows while it is walked through.
  for (const key of keys)
    for (const upstream of byKey.get(key)?.dependsOn ?? []) keys.add(upstream);
  return keys;
}

/** Columns of the spec that the table does not have. */
export function missingColumns(wire: ColumnWire[], spec: TableSpec): ColumnConfig[] {
  const there = new Set(wire.map((column) => column.config.key));
  return spec.columns.filter((config) => !there.has(keyOf(config)));
}

export const tableKind = (spec: TableSpec): string => spec.kind ?? DEFAULT_KIND;

const isInput = (column: ColumnWire): boolean => column.config.kind === 'input';
