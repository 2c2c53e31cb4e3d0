import type { ColumnConfig } from '../configs.ts';
import type { Json, JsonObject } from '../json.ts';

export const COLUMN_TYPES = [
  'TEXT',
  'ABSOLUTE_NUMERIC_DISTANCE',
  'AI_DATA_EXTRACTION',
  'APPLY_DIFF',
  'ASSERT_VALID',
  'COALESCE',
  'CODE_EXECUTION',
  'COMBINE_COLUMNS',
  'COMPARE',
  'COMPOSITION',
  'CONTAINS',
  'CONVERSATION_SIMULATOR',
  'COSINE_SIMILARITY',
  'COUNT',
  'ENDPOINT',
  'FOR_LOOP',
  'HUMAN',
  'JSON_PATH',
  'LLM_ASSERTION',
  'MATH_OPERATOR',
  'MCP',
  'MIN_MAX',
  'PARSE_VALUE',
  'PROMPT_TEMPLATE',
  'REGEX',
  'REGEX_EXTRACTION',
  'VARIABLE',
  'WHILE_LOOP',
  'WORKFLOW',
  'XML_PATH',
] as const;

const ALIASES: Record<string, string> = {
  llm: 'PROMPT_TEMPLATE',
  code: 'CODE_EXECUTION',
  comparison: 'COMPARE',
};

/** Upper case as it is stored; `null` for a word that is no type. */
export function typeOf(word: string): string | null {
  const type = ALIASES[word] ?? word.toUpperCase();
  return COLUMN_TYPES.some((known) => known === type) ? type : null;
}

/** Whatever computes, computes as a model that is asked the text of its template would. */
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
