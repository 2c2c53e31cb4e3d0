import type { ColumnConfig, ColumnKind, TableKind } from './configs.ts';

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
    { kind: 'input', key: 'full_name', name: 'Full Name' },
    { kind: 'input', key: 'role', name: 'Role' },
    { kind: 'input', key: 'profile_url', name: 'Profile URL' },
  ],
  generic: [],
};

/** What agents are given without a mention (the kinds or keys, where the table has them). */
export const CONTEXT_KEYS: Record<TableKind, readonly string[]> = {
  company: ['company_name', 'company_website'],
  people: ['full_name', 'profile_url', 'role'],
  generic: [],
};

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
export function withAutomatic(kind: TableKind, configs: readonly ColumnConfig[]): ColumnConfig[] {
  const brought = (one: ColumnConfig): ColumnConfig | undefined =>
    configs.find((config) => config.key === one.key && config.kind === one.kind);
  const front = AUTOMATIC[kind].map((one) => brought(one) ?? one);
  return [...front, ...configs.filter((config) => !front.includes(config))];
}
