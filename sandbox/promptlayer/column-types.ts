import type { ColumnConfig } from '../engine/column-config.ts';
import type { Json, JsonObject } from '../json.ts';

/** Column types, and whether a cell of it costs something: those that work on texts alone do not. */
const COLUMN_TYPES: Record<string, 'paid' | 'free'> = {
  TEXT: 'free',
  ABSOLUTE_NUMERIC_DISTANCE: 'free',
  AI_DATA_EXTRACTION: 'paid',
  APPLY_DIFF: 'free',
  ASSERT_VALID: 'free',
  COALESCE: 'free',
  CODE_EXECUTION: 'paid',
  COMBINE_COLUMNS: 'free',
  COMPARE: 'free',
  COMPOSITION: 'free',
  CONTAINS: 'free',
  CONVERSATION_SIMULATOR: 'paid',
  COSINE_SIMILARITY: 'paid',
  COUNT: 'free',
  ENDPOINT: 'paid',
  FOR_LOOP: 'paid',
  HUMAN: 'free',
  JSON_PATH: 'free',
  LLM_ASSERTION: 'paid',
  MATH_OPERATOR: 'free',
  MCP: 'paid',
  MIN_MAX: 'free',
  PARSE_VALUE: 'free',
  PROMPT_TEMPLATE: 'paid',
  REGEX: 'free',
  REGEX_EXTRACTION: 'free',
  VARIABLE: 'free',
  WHILE_LOOP: 'paid',
  WORKFLOW: 'paid',
  XML_PATH: 'free',
};

export const isFree = (type: string): boolean => COLUMN_TYPES[type] === 'free';

const ALIASES: Record<string, string> = {
  llm: 'PROMPT_TEMPLATE',
  score: 'LLM_ASSERTION',
  code: 'CODE_EXECUTION',
  comparison: 'COMPARE',
};

/** Upper case as it is stored; `null` for a word that is no type. */
export function typeOf(word: string): string | null {
  const type = ALIASES[word] ?? word.toUpperCase();
  return Object.hasOwn(COLUMN_TYPES, type) ? type : null;
}

/** Maps any computing type to a model that is asked the text of its template. */
export const engineConfig = (
  key: string,
  type: string,
  config: JsonObject,
  upstream: readonly string[],
): ColumnConfig =>
  type === 'TEXT'
    ? { kind: 'input', key, name: key }
    : {
        kind: 'agent',
        key,
        name: key,
        value: {
          agent_type: 'llm',
          prompt: textsIn(config['inline_template'] ?? null).join(' ') || key,
          output_format: 'text',
          labels: null,
          output_schema: null,
          extra_dependencies: [...upstream],
        },
      };

/** Every `text` and plain `content` of a prompt template, in order. */
function textsIn(value: Json): string[] {
  if (Array.isArray(value)) return value.flatMap(textsIn);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, one]) =>
    typeof one !== 'string' ? textsIn(one) : ['text', 'content'].includes(key) ? [one] : [],
  );
}
