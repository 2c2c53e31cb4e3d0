import type { Json } from '../../contract/json.ts';
import type { ColumnConfig } from '../../contract/pipeline.ts';
import { listOf, objectOf, textOf } from '../fields.ts';
import type { ColumnProblem, TableShape } from '../provider-spec.ts';
import { AGENT_TYPES } from './column-configs.ts';
import { automaticColumns, DEFAULT_KIND, mentionsOf, namedDependencies } from './dependencies.ts';

/** Column kinds that only one table kind allows. */
const ONLY_ON: Record<string, string> = {
  company_people_finder: 'company',
  email_finder: 'people',
  phone_finder: 'people',
};

/** Column kinds described for one table kind, which the schema allows on every other. */
const INTENDED_TABLE: Record<string, string> = {
  reverse_email_lookup: 'people',
  company_profile: 'company',
  company_name: 'company',
  company_website: 'company',
};

/** Agents that people tables accept, by the vendor's operator guide. */
const PEOPLE_AGENTS: readonly string[] = ['llm', 'research_reasoning', 'linkedin'];
const FIND_CONTACTS = ['email_finder', 'phone_finder'];
const NEED_LABELS = ['select', 'multiselect', 'label'];

/**
 * Checks everything about the columns beyond their shape. Accepts configs of any shape, so that one
 * check reports all mistakes.
 */
export function checkColumns(table: TableShape): ColumnProblem[] {
  const kind = table.kind ?? DEFAULT_KIND;
  return [
    ...checkKeys(table.columns, kind),
    ...table.columns.flatMap((config, index) => [
      ...checkFit(config, kind, index),
      ...checkAgent(config, kind, index),
    ]),
    ...checkContacts(table.columns, kind),
    ...checkMentions(table.columns, kind),
    ...checkCycles(table.columns),
  ];
}

/** Finds columns that may be refused, or stay empty, although the API's schema allows them. */
export function doubtfulColumns(table: TableShape): ColumnProblem[] {
  const kind = table.kind ?? DEFAULT_KIND;
  return table.columns.flatMap((config, index): ColumnProblem[] => {
    const columnKind = textOf(config['kind']);
    const meantFor = INTENDED_TABLE[columnKind];
    if (meantFor === undefined || meantFor === kind) return [];
    const found = `"${columnKind}" on a ${kind} table`;
    const allowed = `described for ${meantFor} tables only: the API may refuse it before anything is paid`;
    return [{ path: [index, 'kind'], found, allowed }];
  });
}

function checkKeys(columns: readonly ColumnConfig[], kind: string): ColumnProblem[] {
  const automatic = new Map(automaticColumns(kind).map((column) => [column.key, column]));
  const first = new Map<string, number>();
  return columns.flatMap((config, index): ColumnProblem[] => {
    const key = config['key'];
    if (typeof key !== 'string') return [];
    const path = [index, 'key'];
    const before = first.get(key);
    if (before !== undefined) {
      return [
        { path, found: `"${key}" again`, allowed: `a key of its own: columns[${before}] has it` },
      ];
    }
    first.set(key, index);
    // Extruct's own examples declare the input column again.
    const own = automatic.get(key);
    if (own === undefined || (own.input && config['kind'] === 'input')) return [];
    const allowed = own.agent
      ? `another key: an agent reads this one out of \`input\` on every ${kind} table`
      : `another key: a ${kind} table makes this column itself`;
    return [{ path, found: `"${key}"`, allowed }];
  });
}

function checkFit(config: ColumnConfig, kind: string, index: number): ColumnProblem[] {
  const columnKind = config['kind'];
  if (typeof columnKind !== 'string') return [];
  const path = [index, 'kind'];
  if (kind === 'company' && INTENDED_TABLE[columnKind] === 'company') {
    const allowed = 'leave it out: company tables make it themselves';
    return [{ path, found: `"${columnKind}"`, allowed }];
  }
  if (columnKind === 'discovery_scores') {
    const allowed = 'a column that a run fills: these scores come with a deep search alone';
    return [{ path, found: '"discovery_scores"', allowed }];
  }
  const only = ONLY_ON[columnKind];
  if (only === undefined || only === kind) return [];
  return [
    {
      path,
      found: `"${columnKind}" on a ${kind} table`,
      allowed: `only on tables of kind ${only}`,
    },
  ];
}

/**
 * Contact columns read the website from the parent's row, which a standalone table does not have.
 */
function checkContacts(columns: readonly ColumnConfig[], kind: string): ColumnProblem[] {
  const hasWebsite = columns.some(
    (one) => one['kind'] === 'input' && one['key'] === 'company_website',
  );
  if (kind !== 'people' || hasWebsite) return [];
  return columns.flatMap((config, index): ColumnProblem[] => {
    const columnKind = textOf(config['kind']);
    if (!FIND_CONTACTS.includes(columnKind)) return [];
    const found = `"${columnKind}" without the website of the company`;
    const allowed = 'add a column of kind input with the key company_website, filled from the rows';
    return [{ path: [index, 'kind'], found, allowed }];
  });
}

function checkAgent(config: ColumnConfig, kind: string, index: number): ColumnProblem[] {
  const value = config['value'];
  if (config['kind'] !== 'agent' || typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return [];
  const problems: ColumnProblem[] = [];
  const { agent_type: agent, output_format: format, prompt, labels, output_schema: schema } = value;
  if (kind === 'people' && refusedOnPeople(agent)) {
    problems.push({
      path: [index, 'value', 'agent_type'],
      found: agent === undefined ? 'missing (the default is research_pro)' : `"${textOf(agent)}"`,
      allowed: `on people tables: ${PEOPLE_AGENTS.join(', ')}`,
    });
  }
  if (agent !== 'linkedin' && (prompt === undefined || prompt === '')) {
    const found = prompt === '' ? 'empty' : 'missing';
    problems.push({ path: [index, 'value', 'prompt'], found, allowed: 'the question to answer' });
  }
  if (typeof format === 'string' && NEED_LABELS.includes(format) && (labels ?? null) === null) {
    const allowed = `the answers to choose from: output_format ${format} needs them`;
    problems.push({ path: [index, 'value', 'labels'], found: 'missing', allowed });
  }
  if (format === 'json' && (schema ?? null) === null) {
    const allowed = 'a JSON Schema of the answer: output_format json needs it';
    problems.push({ path: [index, 'value', 'output_schema'], found: 'missing', allowed });
  }
  return problems;
}

/** Checks known agents only; the shape rejects all others. */
const refusedOnPeople = (agent: Json | undefined): boolean =>
  agent === undefined ||
  AGENT_TYPES.some((type) => type === agent && !PEOPLE_AGENTS.includes(type));

function checkMentions(columns: readonly ColumnConfig[], kind: string): ColumnProblem[] {
  const known = new Set([
    ...automaticColumns(kind).map((column) => column.key),
    ...columns.flatMap(({ key }) => (typeof key === 'string' ? [key] : [])),
  ]);
  const candidates = [...known];
  const allowed = `columns of this table: ${candidates.join(', ')}`;
  const unknown = (path: ColumnProblem['path'], word: string, found: string): ColumnProblem[] =>
    known.has(word) ? [] : [{ path, found, allowed, word, candidates, within: word }];
  return columns.flatMap((config, index) => {
    const value = objectOf(config['value']);
    const problems: ColumnProblem[] = [];
    for (const field of ['prompt', 'criterion']) {
      for (const word of mentionsOf(textOf(value[field]))) {
        problems.push(
          ...unknown([index, 'value', field], word, `{${word}} is no column`).map((problem) => ({
            ...problem,
            within: `{${word}}`,
          })),
        );
      }
    }
    for (const [at, word] of listOf(value['extra_dependencies']).entries()) {
      if (typeof word !== 'string') continue;
      problems.push(
        ...unknown([index, 'value', 'extra_dependencies', at], word, `"${word}" is no column`),
      );
    }
    const email = config['email_column_key'];
    if (typeof email === 'string') {
      problems.push(...unknown([index, 'email_column_key'], email, `"${email}" is no column`));
    }
    return problems;
  });
}

/** Maximum number of reported circles. */
const MAX_CIRCLES = 50;

/** Reports columns that wait for each other and would never start, each circle once. */
function checkCycles(columns: readonly ColumnConfig[]): ColumnProblem[] {
  const graph = new Map<string, { index: number; to: string[] }>();
  for (const [index, config] of columns.entries()) {
    const key = config['key'];
    if (typeof key === 'string' && !graph.has(key)) {
      graph.set(key, { index, to: namedDependencies(config) });
    }
  }
  const problems: ColumnProblem[] = [];
  const finished = new Set<string>();
  const trail: string[] = [];
  const visit = (key: string): void => {
    const node = graph.get(key);
    if (node === undefined || finished.has(key) || problems.length >= MAX_CIRCLES) return;
    const start = trail.indexOf(key);
    if (start >= 0) {
      const circle = [...trail.slice(start), key];
      const last = graph.get(trail.at(-1) ?? key) ?? node;
      problems.push({
        path: placeOf(columns[last.index] ?? {}, last.index),
        found: `columns wait for each other: ${circle.join(' → ')}`,
        allowed: 'mentions without a circle',
        within: `{${key}}`,
      });
      return;
    }
    trail.push(key);
    for (const next of node.to) visit(next);
    trail.pop();
    finished.add(key);
  };
  for (const key of graph.keys()) visit(key);
  return problems;
}

const placeOf = (config: ColumnConfig, index: number): ColumnProblem['path'] =>
  'prompt' in objectOf(config['value']) ? [index, 'value', 'prompt'] : [index];
