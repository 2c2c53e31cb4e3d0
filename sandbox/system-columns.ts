import type { AgentType, ColumnConfig, ColumnKind, TableKind } from './configs.ts';

const personAgent = (
  key: string,
  name: string,
  agent_type: AgentType,
  output_format: 'text' | 'url',
): ColumnConfig => ({
  kind: 'agent',
  ...{ key, name },
  value: {
    ...{ agent_type, prompt: `${name} of {input}`, output_format },
    ...{ labels: null, output_schema: null, extra_dependencies: null },
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

/** What agents are given without a mention (the kinds or keys, where the table has them). */
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
