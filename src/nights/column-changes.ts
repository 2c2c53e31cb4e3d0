import { isDeepStrictEqual } from 'node:util';
import type { ColumnConfig } from '../contract/pipeline.ts';

/** Config of a column, under the key of its cells. */
export interface KeyedColumn {
  key: string;
  /** Filled from the rows, never computed. */
  input: boolean;
  config: ColumnConfig;
}

/** Computed columns of a pipeline file, compared with those that rowmill gave to the table. */
export interface ColumnChanges {
  columnsNew: string[];
  columnsChanged: string[];
  columnsLeft: string[];
}

/** Compares configs by what cells follow from: a name for display is no change. */
export function columnChanges(
  before: readonly KeyedColumn[],
  after: readonly KeyedColumn[],
): ColumnChanges {
  const computed = (columns: readonly KeyedColumn[]) =>
    new Map(columns.filter(({ input }) => !input).map(({ key, config }) => [key, config]));
  const [was, is] = [computed(before), computed(after)];
  const isChanged = ([key, config]: [string, ColumnConfig]): boolean => {
    const earlier = was.get(key);
    return earlier !== undefined && !isDeepStrictEqual(unnamed(earlier), unnamed(config));
  };
  return {
    columnsNew: [...is.keys()].filter((key) => !was.has(key)),
    columnsChanged: [...is].filter(isChanged).map(([key]) => key),
    columnsLeft: [...was.keys()].filter((key) => !is.has(key)),
  };
}

const unnamed = (config: ColumnConfig): ColumnConfig => ({ ...config, name: null });

/** Joins the configs of a file with the columns that a provider plans for them, in their order. */
export function keyedColumns(
  configs: readonly ColumnConfig[],
  planned: readonly { key: string; input: boolean; ours: boolean }[],
): KeyedColumn[] {
  const ours = planned.filter((column) => column.ours);
  return configs.flatMap((config, at) => {
    const column = ours[at];
    return column === undefined ? [] : [{ key: column.key, input: column.input, config }];
  });
}
