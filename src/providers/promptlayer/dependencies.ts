import type { Json, JsonObject } from '../../contract/json.ts';
import type { ColumnConfig } from '../../contract/pipeline.ts';
import { listOf, objectOf, textOf } from '../fields.ts';
import { typeNamed } from './column-configs.ts';

/** Reference to a column by its title. */
export interface Reference {
  title: string;
  /** Path below the column's own config. */
  path: (string | number)[];
  /** Rest of the entry, sent with the id of the column. */
  entry: JsonObject;
  /** True if the reference may name a column of another sheet. */
  elsewhere: boolean;
}

/** Config fields that name one column, in any type (Node & Column Types). */
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

/** Config fields that map variables to columns. */
const MAPPINGS = [
  'prompt_template_variable_mappings',
  'variable_mappings',
  'input_variables',
  'input_mappings',
];

/** Config fields with the body of a loop, which has mappings of its own. */
const LOOP_BODIES = ['prompt_config', 'workflow_config'];

/** Variables that a loop passes to its own prompt, besides columns. */
const LOOP_VARIABLES = ['loop_index', 'previous_outputs', '_iterator_item'];

/** Returns the title of any column config, valid or not. */
export const titleOf = (config: ColumnConfig): string => textOf(config['title']);
export const typeOf = (config: ColumnConfig): string => typeNamed(textOf(config['type']));

/**
 * Finds the columns that a column reads: under `dependencies`, or in its own config. Entries of
 * `dependencies` stay as written. The others name the field they are read for, as official clients
 * do.
 */
export function referencesOf(config: ColumnConfig): Reference[] {
  const elsewhere = typeOf(config) === 'COMPOSITION';
  const references = listOf(config['dependencies']).flatMap((entry, at): Reference[] => {
    const { column_id: title, ...rest } = objectOf(entry);
    if (typeof title !== 'string') return [];
    return [{ title, path: ['dependencies', at, 'column_id'], entry: rest, elsewhere }];
  });
  const listed = new Set(references.map(({ title }) => title));
  const found = new Set<string>();
  for (const { title, path, meta } of sourcesOf(objectOf(config['config']))) {
    if (typeof title !== 'string' || listed.has(title) || LOOP_VARIABLES.includes(title)) continue;
    const [key = ''] = path;
    const inLoop = LOOP_BODIES.includes(String(key));
    // The loop's own mapping usually covers its body already.
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

/** Returns the config's own sources and those of a loop's body. */
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

/** Returns the titles of those columns, each once. */
export const titlesRead = (config: ColumnConfig): string[] => [
  ...new Set(referencesOf(config).map(({ title }) => title)),
];

/**
 * Orders columns for creation, each behind the ones it reads. Columns that read each other keep
 * their order.
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
