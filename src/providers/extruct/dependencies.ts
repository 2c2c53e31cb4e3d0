import { byName } from '../../contract/by-name.ts';
import type { ColumnConfig } from '../../contract/pipeline.ts';
import { listOf, objectOf, textOf } from '../fields.ts';

/** Extruct creates a `company` table by default. */
export const DEFAULT_KIND = 'company';

/** Column that the table creates by itself (AI Tables Basics). */
export interface AutomaticColumn {
  key: string;
  name: string;
  /** True if filled from the rows. */
  input: boolean;
  /** True if an agent computes the column, which counts like any other agent column. */
  agent: boolean;
  dependsOn: string[];
}

const input: AutomaticColumn = {
  key: 'input',
  name: 'Input',
  input: true,
  agent: false,
  dependsOn: [],
};
const computed = (key: string, name: string, agent = false): AutomaticColumn => ({
  key,
  name,
  input: false,
  agent,
  dependsOn: ['input'],
});

const AUTOMATIC: Record<string, readonly AutomaticColumn[]> = {
  company: [
    input,
    computed('company_profile', 'Company Profile'),
    computed('company_name', 'Company Name'),
    computed('company_website', 'Company Website'),
  ],
  // Agents extract these from `input`: "Jane Doe, VP Sales, https://…".
  people: [
    input,
    computed('full_name', 'Full Name', true),
    computed('role', 'Role', true),
    computed('profile_url', 'Profile URL', true),
  ],
};

/** Context columns that research columns get implicitly. */
const CONTEXT = byName<readonly string[]>([
  ['company', ['company_name', 'company_website']],
  ['people', ['full_name', 'profile_url', 'role']],
]);

/** The website comes from the parent company, or from an input column with exactly this key. */
const CONTACT = ['full_name', 'profile_url', 'company_website'];

export const automaticColumns = (kind: string): readonly AutomaticColumn[] =>
  Object.hasOwn(AUTOMATIC, kind) ? (AUTOMATIC[kind] ?? []) : [];

/** Returns the key of any column config, valid or not. */
export const keyOf = (config: ColumnConfig): string => textOf(config['key']);

/** Returns the keys mentioned as `{key}` in a prompt, each once, in order. */
export const mentionsOf = (prompt: string): string[] => [
  ...new Set(Array.from(prompt.matchAll(/\{([A-Za-z_]\w*)\}/g), (match) => match[1] ?? '')),
];

/** Returns the dependencies that the column's config names; they may not exist. */
export function namedDependencies(config: ColumnConfig): string[] {
  const value = objectOf(config['value']);
  const named = [
    ...mentionsOf(textOf(value['prompt'])),
    ...mentionsOf(textOf(value['criterion'])),
    ...listOf(value['extra_dependencies']).filter((key) => typeof key === 'string'),
  ];
  const email = config['email_column_key'];
  if (config['kind'] === 'reverse_email_lookup' && typeof email === 'string') named.push(email);
  return [...new Set(named)];
}

/**
 * Returns the keys of the columns that must be done on a row before this one starts: named in the
 * config or added by the API. The caller keeps those that the table computes. The others are input
 * columns (always done), or columns of the parent table (contact lookups).
 */
export function columnDependencies(config: ColumnConfig, kind: string): string[] {
  const own = config['key'];
  const isAutomatic = automaticColumns(kind).some(({ key, agent }) => agent && key === own);
  const implied = isAutomatic ? ['input'] : impliedDependencies(config, kind);
  const all = new Set([...namedDependencies(config), ...implied]);
  if (typeof own === 'string') all.delete(own);
  return [...all];
}

function impliedDependencies(config: ColumnConfig, kind: string): readonly string[] {
  switch (config['kind']) {
    case 'agent':
    case 'criterion_grade':
    case 'company_people_finder':
      return CONTEXT[kind] ?? [];
    case 'email_finder':
    case 'phone_finder':
      return CONTACT;
    case 'company_profile':
      return ['input'];
    // Whether these are read from the profile is not documented; without a profile they are empty.
    case 'company_name':
    case 'company_website':
      return ['input', 'company_profile'];
    default:
      return [];
  }
}
