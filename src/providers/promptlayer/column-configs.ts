import { z } from 'zod';

/** Type of columns that come with the rows and are not computed. */
export const TEXT = 'TEXT';

/**
 * Column types of Tables and whether they cost. Types that call neither a model nor a service are
 * free.
 */
export const COSTS = {
  TEXT: 'none',
  PROMPT_TEMPLATE: 'model',
  LLM_ASSERTION: 'model',
  AI_DATA_EXTRACTION: 'model',
  COSINE_SIMILARITY: 'model',
  CONVERSATION_SIMULATOR: 'model',
  WORKFLOW: 'varies',
  FOR_LOOP: 'varies',
  WHILE_LOOP: 'varies',
  CODE_EXECUTION: 'compute',
  ENDPOINT: 'external',
  MCP: 'external',
  ABSOLUTE_NUMERIC_DISTANCE: 'none',
  APPLY_DIFF: 'none',
  ASSERT_VALID: 'none',
  COALESCE: 'none',
  COMBINE_COLUMNS: 'none',
  COMPARE: 'none',
  COMPOSITION: 'none',
  CONTAINS: 'none',
  COUNT: 'none',
  HUMAN: 'none',
  JSON_PATH: 'none',
  MATH_OPERATOR: 'none',
  MIN_MAX: 'none',
  PARSE_VALUE: 'none',
  REGEX: 'none',
  REGEX_EXTRACTION: 'none',
  VARIABLE: 'none',
  XML_PATH: 'none',
} as const;

export type ColumnType = keyof typeof COSTS;

const TYPES = Object.keys(COSTS);

/** Names that Create Column accepts beside its upper-case ones. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ...TYPES.map((type) => [type.toLowerCase(), type] as const),
  ['llm', 'PROMPT_TEMPLATE'],
  ['score', 'LLM_ASSERTION'],
  ['code', 'CODE_EXECUTION'],
  ['comparison', 'COMPARE'],
]);

/** Returns the type of a name; an unknown name is returned as it is. */
export const typeNamed = (word: string): string => ALIASES.get(word) ?? word;

export const isColumnType = (word: string): word is ColumnType => Object.hasOwn(COSTS, word);

const json = z.json();

const dependency = z.strictObject({
  column_id: z
    .string('the title of a column')
    .min(1)
    .describe('Title of the column; its id is put in.'),
  reference_type: z.string().optional().describe('How it is read, in the provider’s words.'),
  config_key: z.string().nullable().optional().describe('Field of the config it is read for.'),
  config_meta: z.record(z.string(), json).nullable().optional().describe('More on that field.'),
});

/** Column as `POST …/columns` takes it, but with titles in place of ids. */
export const columnConfig = z
  .strictObject({
    title: z.string().min(1).max(255).describe('What the column is called; unique.'),
    type: z
      .enum([...TYPES, ...ALIASES.keys()])
      .describe('TEXT comes with the rows; any other type is computed.'),
    config: z.record(z.string(), json).optional().describe('Depends on the type.'),
    dependencies: z
      .array(dependency)
      .optional()
      .describe('Columns that must be there first; those mapped to prompt variables are added.'),
    is_output_column: z.boolean().optional().describe('Whether it is shown as a result.'),
  })
  .describe('A column of PromptLayer Tables.');
