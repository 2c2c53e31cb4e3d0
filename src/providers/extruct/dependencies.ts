import type { ColumnConfig } from '../../contract/pipeline.ts';
import { listOf, objectOf, textOf } from '../fields.ts';

/** Extruct makes a `company` table when none is named. */
export const DEFAULT_KIND = 'company';

/** A column the table creates by itself (AI Tables Basics). */
export interface AutomaticColumn {
  key: string;
  name: string;
  /** Filled from the rows. */
  input: boolean;
  /** Computed by an agent, and counted like any other agent column. */
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
  // Agents read them out of `input`: "Jane Doe, VP Sales, https://…".
  people: [
    input,
    computed('full_name', 'Full Name', true),
    computed('role', 'Role', true),
    computed('profile_url', 'Profile URL', true),
  ],
};

/** Context that research columns get without asking. */
const CONTEXT: Record<string, readonly string[]> = {
  company: ['company_name', 'company_website'],
  people: ['full_name', 'profile_url', 'role'],
};

/** The website is the parent company's, or an input column of exactly this key. */
const CONTACT = ['full_name', 'profile_url', 'company_website'];

export const automaticColumns = (kind: string): readonly AutomaticColumn[] =>
  Object.hasOwn(AUTOMATIC, kind) ? (AUTOMATIC[kind] ?? []) : [];

/** Of any column config, also of one that is not quite right. */
export const keyOf = (config: ColumnConfig): string => textOf(config['key']);

/** Keys mentioned as `{key}` in a prompt, each once, in order. */
export const mentionsOf = (prompt: string): string[] => [
  ...new Set(Array.from(prompt.matchAll(/\{([A-Za-z_]\w*)\}/g), (match) => match[1] ?? '')),
];

/** What the column's own config names; may name columns that do not exist. */
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
 * Keys of the columns that must be done on a row before this one starts: named in the config, or
 * added by the API. Some may be input columns (always done) or, for contact lookups, columns of
 * the parent table: keep those that the table computes.
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
    // Whether they are read out of the profile is not documented; without one there is nothing in them.
    case 'company_name':
    case 'company_website':
      return ['input', 'company_profile'];
    default:
      return [];
  }
}
