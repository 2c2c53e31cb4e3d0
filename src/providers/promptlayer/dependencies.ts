import type { Json, JsonObject } from '../../contract/json.ts';
import type { ColumnConfig } from '../../contract/pipeline.ts';
import { listOf, objectOf, textOf } from '../fields.ts';
import { typeNamed } from './column-configs.ts';

/** A column that another one reads, by title. */
export interface Reference {
  title: string;
  /** Below the column's own config. */
  path: (string | number)[];
  /** The rest of the entry, to be sent with the id of the column. */
  entry: JsonObject;
  /** It may as well be a column of another sheet. */
  elsewhere: boolean;
}

/** Fields of a config that name one column, in whatever type has them (Node & Column Types). */
const ONE_COLUMN = [
  'source',
  'chat_history_source',
  'content_source',
  'conversation_completed_prompt_source',
  'diff_source',
  'expected_source',
  'iterator_source',
  'original_source',
  'prompt_source',
  'source1',
  'source2',
  'trace_source',
  'user_persona_source',
  'value_source',
];

/** Fields that map variables to columns. */
const MAPPINGS = [
  'prompt_template_variable_mappings',
  'variable_mappings',
  'input_variables',
  'input_mappings',
];

/** What a loop repeats, with mappings of its own. */
const LOOP_BODIES = ['prompt_config', 'workflow_config'];

/** What a loop hands to its own prompt, besides columns. */
const OF_A_LOOP = ['loop_index', 'previous_outputs', '_iterator_item'];

/** Of any column config, also of one that is not quite right. */
export const titleOf = (config: ColumnConfig): string => textOf(config['title']);
export const typeOf = (config: ColumnConfig): string => typeNamed(textOf(config['type']));

/**
 * What a column reads: named under `dependencies`, or by its own config. An entry of `dependencies`
 * stands as it is written; the others say which field they are read for, as official clients do.
 */
export function referencesOf(config: ColumnConfig): Reference[] {
  const elsewhere = typeOf(config) === 'COMPOSITION';
  const references = listOf(config['dependencies']).flatMap((entry, at): Reference[] => {
    const { column_id: title, ...rest } = objectOf(entry);
    if (typeof title !== 'string') return [];
    return [{ title, path: ['dependencies', at, 'column_id'], entry: rest, elsewhere }];
  });
  const told = new Set(references.map(({ title }) => title));
  const found = new Set<string>();
  for (const { title, path, meta } of sourcesOf(objectOf(config['config']))) {
    if (typeof title !== 'string' || told.has(title) || OF_A_LOOP.includes(title)) continue;
    const [key = ''] = path;
    const inLoop = LOOP_BODIES.includes(String(key));
    // The loop has mostly mapped it for its body already.
    if (inLoop && found.has(title)) continue;
    found.add(title);
    const entry = { reference_type: 'value', config_key: key, ...meta };
    references.push({ title, path: ['config', ...path], entry, elsewhere });
  }
  return references;
}

interface Source {
  title: Json | undefined;
  path: (string | number)[];
  meta?: { config_meta: JsonObject };
}

/** Its own, and those of what it repeats. */
const sourcesOf = (fields: JsonObject): Source[] => [
  ...sourcesIn(fields),
  ...LOOP_BODIES.flatMap((key) =>
    sourcesIn(objectOf(fields[key])).map(({ path, ...source }) => ({
      ...source,
      path: [key, ...path],
    })),
  ),
];

function sourcesIn(fields: JsonObject): Source[] {
  return [
    ...ONE_COLUMN.map((key) => ({ title: fields[key], path: [key] })),
    ...listOf(fields['sources']).map((title, position) => ({
      title,
      path: ['sources', position],
      meta: { config_meta: { position } },
    })),
    ...MAPPINGS.flatMap((key) =>
      Object.entries(objectOf(fields[key])).map(([variable, title]) => ({
        title,
        path: [key, variable],
        meta: { config_meta: { variable_name: variable } },
      })),
    ),
  ];
}

/** The titles of those columns, each once. */
export const titlesRead = (config: ColumnConfig): string[] => [
  ...new Set(referencesOf(config).map(({ title }) => title)),
];

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
    for (const title of titlesRead(config)) visit(byTitle.get(title));
    order.add(config);
  };
  columns.forEach(visit);
  return [...order];
}
