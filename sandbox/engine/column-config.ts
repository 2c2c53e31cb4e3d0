import { z } from 'zod';

/**
 * Schemas of what a client may send, as in the OpenAPI of the reference pages. Unknown keys are
 * dropped.
 */

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

const personAgent = (
  key: string,
  name: string,
  agent_type: AgentType,
  output_format: 'text' | 'url',
): ColumnConfig => ({
  kind: 'agent',
  key,
  name,
  value: {
    agent_type,
    prompt: `${name} of {input}`,
    output_format,
    labels: null,
    output_schema: null,
    extra_dependencies: null,
  },
});

/** Columns that a table has without being asked, in their order. */
const AUTOMATIC: Record<TableKind, readonly ColumnConfig[]> = {
  company: [
    { kind: 'input', key: 'input', name: 'Company' },
    { kind: 'company_profile', key: 'company_profile', name: 'Company Profile' },
    { kind: 'company_name', key: 'company_name', name: 'Company Name' },
    { kind: 'company_website', key: 'company_website', name: 'Company Website' },
  ],
  people: [
    { kind: 'input', key: 'input', name: 'Person' },
    personAgent('full_name', 'Full Name', 'llm', 'text'),
    personAgent('role', 'Role', 'llm', 'text'),
    personAgent('profile_url', 'Profile URL', 'linkedin', 'url'),
  ],
  generic: [],
};

/** Context that agents get without a mention (the kinds or keys that the table has). */
export const CONTEXT_KEYS: Record<TableKind, readonly string[]> = {
  company: ['company_name', 'company_website'],
  people: ['full_name', 'profile_url', 'role'],
  generic: [],
};

const inputOf = ({ key, name }: ColumnConfig): ColumnConfig => ({ kind: 'input', key, name });

/** A column that a table of this kind makes by itself, and that waits for nothing but the row. */
export const isAutomatic = (kind: TableKind, { kind: columnKind, key }: ColumnConfig): boolean =>
  AUTOMATIC[kind].some((one) => one.key === key && one.kind === columnKind);

/** Kinds that only make sense in one kind of table. */
export const KIND_NEEDS_TABLE: Partial<Record<ColumnKind, TableKind>> = {
  company_profile: 'company',
  company_name: 'company',
  company_website: 'company',
  company_people_finder: 'company',
  email_finder: 'people',
  phone_finder: 'people',
  reverse_email_lookup: 'people',
};

const SYSTEM: ReadonlySet<ColumnKind> = new Set([
  'company_profile',
  'company_name',
  'company_website',
]);

/** Filled by the service itself: free, fast, never asked for by name. */
export const isSystem = (kind: ColumnKind): boolean => SYSTEM.has(kind);

/**
 * The caller's columns with the automatic ones put in front; where the caller brings one itself
 * (same key and kind), it is that one.
 */
export function withAutomatic(
  kind: TableKind,
  configs: readonly ColumnConfig[],
  people: 'agents' | 'inputs' = 'agents',
): ColumnConfig[] {
  const brought = (one: ColumnConfig): ColumnConfig | undefined =>
    configs.find((config) => config.key === one.key && config.kind === one.kind);
  const automatic = AUTOMATIC[kind].map((one) =>
    people === 'inputs' && one.kind === 'agent' ? inputOf(one) : one,
  );
  const front = automatic.map((one) => brought(one) ?? one);
  return [...front, ...configs.filter((config) => !front.includes(config))];
}
