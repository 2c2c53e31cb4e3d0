import type { ColumnConfig, TableSpec } from '../../contract/pipeline.ts';
import type { Column } from '../../contract/table.ts';
import { columnDependencies, DEFAULT_KIND, keyOf } from './dependencies.ts';
import type { ColumnWire } from './wire.ts';

/**
 * The columns of a table in our words. The ones Extruct adds by itself (`input` and the profile
 * columns of a company table) are not ours. Only computed columns are kept as dependencies: nothing
 * waits for the others.
 */
export function columnsOf(wire: ColumnWire[], spec: TableSpec): Column[] {
  const ours = new Set(spec.columns.map(keyOf));
  const computed = new Set(
    wire.filter((column) => !isInput(column)).map((each) => each.config.key),
  );
  const kind = tableKind(spec);
  return wire.map((column) => {
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
}

/** Columns of the spec that the table does not have. */
export function missingColumns(wire: ColumnWire[], spec: TableSpec): ColumnConfig[] {
  const there = new Set(wire.map((column) => column.config.key));
  return spec.columns.filter((config) => !there.has(keyOf(config)));
}

export const tableKind = (spec: TableSpec): string => spec.kind ?? DEFAULT_KIND;

const isInput = (column: ColumnWire): boolean => column.config.kind === 'input';
