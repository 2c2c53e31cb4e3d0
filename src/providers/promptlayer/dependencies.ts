import type { Json, JsonObject } from '../../contract/json.ts';
import type { ColumnConfig } from '../../contract/pipeline.ts';

/** A column that another one reads, by title. */
export interface Reference {
  title: string;
  /** Below the column's own config. */
  path: (string | number)[];
  /** The rest of the entry, to be sent with the id of the column. */
  entry: JsonObject;
}

/** Of any column config, also of one that is not quite right. */
export const titleOf = (config: ColumnConfig): string => textOf(config['title']);
export const typeOf = (config: ColumnConfig): string => textOf(config['type']);

/** What a column reads: named under `dependencies`, or mapped to a variable of its prompt. */
export function referencesOf(config: ColumnConfig): Reference[] {
  const named = Array.isArray(config['dependencies']) ? config['dependencies'] : [];
  const references = named.flatMap((entry, at): Reference[] => {
    const { column_id: title, ...rest } = objectOf(entry);
    if (typeof title !== 'string') return [];
    return [{ title, path: ['dependencies', at, 'column_id'], entry: rest }];
  });
  const variables = objectOf(objectOf(config['config'])['prompt_template_variable_mappings']);
  for (const [variable, title] of Object.entries(variables)) {
    if (typeof title !== 'string' || references.some((one) => one.title === title)) continue;
    const path = ['config', 'prompt_template_variable_mappings', variable];
    references.push({ title, path, entry: { reference_type: 'value' } });
  }
  return references;
}

/**
 * The columns, each behind the ones it reads: the order they are made in. Columns that read each
 * other come as they stand.
 */
export function inOrder(columns: readonly ColumnConfig[]): ColumnConfig[] {
  const byTitle = new Map(columns.map((config) => [titleOf(config), config]));
  const order = new Set<ColumnConfig>();
  const open = new Set<ColumnConfig>();
  const visit = (config: ColumnConfig | undefined): void => {
    if (config === undefined || order.has(config) || open.has(config)) return;
    open.add(config);
    for (const { title } of referencesOf(config)) visit(byTitle.get(title));
    order.add(config);
  };
  columns.forEach(visit);
  return [...order];
}

export const objectOf = (value: Json | undefined): JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};

const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '');
