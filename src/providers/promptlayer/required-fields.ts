import type { ColumnType } from './column-configs.ts';

/** Field that a type needs, or one of its synonyms. */
export type Need = readonly [string, ...string[]];

const TWO_COLUMNS: readonly Need[] = [
  ['sources', 'source1'],
  ['sources', 'source2'],
];

/**
 * Fields a config must have by the reference (Node & Column Types), each with the synonyms used on
 * the evaluation pages. Values are not checked, because the pages differ on them.
 */
export const REQUIRED: Readonly<Partial<Record<ColumnType, readonly Need[]>>> = {
  CODE_EXECUTION: [['code'], ['language']],
  ENDPOINT: [['url']],
  WORKFLOW: [['workflow_id', 'workflow_version_id'], ['input_mappings']],
  MCP: [['mcp_server_id', 'server_url'], ['tool_name', 'function_name'], ['input_mappings']],
  CONVERSATION_SIMULATOR: [
    ['template'],
    ['prompt_template_variable_mappings'],
    ['user_persona', 'user_persona_source'],
  ],
  FOR_LOOP: [['loop_type'], ['iterator_source', 'max_iterations']],
  WHILE_LOOP: [['loop_type']],
  LLM_ASSERTION: [['source'], ['prompt', 'prompt_source']],
  AI_DATA_EXTRACTION: [['source'], ['query', 'extraction_prompt']],
  COSINE_SIMILARITY: TWO_COLUMNS,
  ABSOLUTE_NUMERIC_DISTANCE: TWO_COLUMNS,
  COMPARE: [...TWO_COLUMNS, ['comparison_type', 'source1']],
  CONTAINS: [['source'], ['value', 'value_source']],
  REGEX: [['source'], ['regex_pattern', 'pattern']],
  REGEX_EXTRACTION: [['source'], ['regex_pattern', 'pattern']],
  JSON_PATH: [['source'], ['json_path', 'path']],
  XML_PATH: [['source'], ['xml_path', 'xpath']],
  PARSE_VALUE: [['source'], ['type', 'target_type']],
  ASSERT_VALID: [['source'], ['type', 'validation_type']],
  COUNT: [['source'], ['type', 'count_type']],
  MIN_MAX: [
    ['source', 'sources'],
    ['type', 'operation'],
  ],
  MATH_OPERATOR: [...TWO_COLUMNS, ['operator']],
  COALESCE: [['sources']],
  COMBINE_COLUMNS: [['sources']],
  APPLY_DIFF: [['original_source', 'content_source'], ['diff_source']],
  COMPOSITION: [['source', 'sources']],
  VARIABLE: [['value']],
};

/** Minimum number of columns in `sources`; one is enough beside `unless`. */
export interface SourcesNeeded {
  min: number;
  max: number;
  unless?: string;
}

export const SOURCES: Readonly<Partial<Record<ColumnType, SourcesNeeded>>> = {
  COSINE_SIMILARITY: { min: 2, max: 2 },
  ABSOLUTE_NUMERIC_DISTANCE: { min: 2, max: 2 },
  COMPARE: { min: 2, max: 2, unless: 'target' },
  MATH_OPERATOR: { min: 2, max: 2, unless: 'value' },
  COALESCE: { min: 2, max: Infinity },
  COMBINE_COLUMNS: { min: 1, max: Infinity },
};

/** Field with the body of a loop, by its `loop_type`. */
export const LOOPED: ReadonlyMap<string, string> = new Map([
  ['prompt', 'prompt_config'],
  ['workflow', 'workflow_config'],
]);
