import { z } from 'zod';

/** What a client may send, as in the OpenAPI of the reference pages. Unknown keys are dropped. */

export const TABLE_KINDS = ['generic', 'company', 'people'] as const;
export const RUN_MODES = ['new', 'all', 'failed'] as const;

const AGENT_TYPES = ['research', 'research_pro', 'research_reasoning', 'llm', 'linkedin'] as const;

const OUTPUT_FORMATS = [
  'text',
  'url',
  'number',
  'email',
  'label',
  'json',
  'grade',
  'people',
  'numeric',
  'money',
  'date',
  'phone',
  'select',
  'multiselect',
] as const;

const json = z.json();
export const jsonObject = z.record(z.string(), json);

const named = { name: z.string(), key: z.string().min(1) };

const agentValue = z.object({
  agent_type: z.enum(AGENT_TYPES).default('research_pro'),
  prompt: z.string().default(''),
  output_format: z.enum(OUTPUT_FORMATS).default('text'),
  labels: z.array(z.string()).nullable().default(null),
  output_schema: json.default(null),
  extra_dependencies: z.array(z.string()).nullable().default(null),
});

const criterion = z.object({
  key: z.string().regex(/^[a-zA-Z][a-zA-Z0-9_]*$/),
  name: z.string().min(1).max(100),
  criterion: z.string().min(10).max(500),
});

const finderValue = z.object({
  roles: z.array(z.string()).min(1),
  provider: z.literal('research_pro').default('research_pro'),
  max_results: z.int().default(5),
});

const bare = <K extends string>(kind: K) => z.object({ kind: z.literal(kind), ...named });

const byKind = z.discriminatedUnion('kind', [
  bare('input'),
  bare('company_profile'),
  bare('company_name'),
  bare('company_website'),
  bare('email_finder'),
  bare('phone_finder'),
  z.object({ kind: z.literal('agent'), ...named, value: agentValue }),
  z.object({
    kind: z.literal('criterion_grade'),
    ...named,
    value: z.object({ criterion: z.string() }),
  }),
  z.object({ kind: z.literal('company_people_finder'), ...named, value: finderValue }),
  z.object({
    kind: z.literal('discovery_scores'),
    ...named,
    criteria: z.record(z.string(), criterion).nullable().default(null),
  }),
  z.object({ kind: z.literal('reverse_email_lookup'), ...named, email_column_key: z.string() }),
]);

/** Every kind has a default in the schema: without it, what has a `value` is an agent. */
const withKind = (config: unknown): unknown =>
  typeof config === 'object' && config !== null && !('kind' in config)
    ? { kind: 'value' in config ? 'agent' : 'input', ...config }
    : config;

export const columnConfig = z.preprocess(withKind, byKind);

export type ColumnConfig = z.infer<typeof byKind>;
export type ColumnKind = ColumnConfig['kind'];
export type AgentConfig = Extract<ColumnConfig, { kind: 'agent' }>;
export type AgentType = (typeof AGENT_TYPES)[number];
export type TableKind = (typeof TABLE_KINDS)[number];
export type RunMode = (typeof RUN_MODES)[number];
