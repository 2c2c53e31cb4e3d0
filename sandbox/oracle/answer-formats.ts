import type { AgentConfig } from '../engine/column-config.ts';
import { type CompanyFact, slugOf } from './facts.ts';
import { between, choose, hash32, share, type Part } from './seeded.ts';
import type { Json, JsonObject } from '../json.ts';
import { answerTo, syntheticDate, questionIn, type Question } from './prompt-intent.ts';

/** Inputs of an answer. */
export interface Subject {
  /** Name of the company, person or thing in the row. */
  name: string;
  fact: CompanyFact | null;
  /** Answers of the columns this one depends on, by key. */
  upstream: Record<string, Json>;
  /** Same origin, same answer. */
  origin: Part[];
}

/** The answer in the shape the column asked for; `null` = nothing found. */
export function shaped(value: AgentConfig['value'], subject: Subject): Json {
  const question = questionIn(value.prompt);
  const { origin, name } = subject;
  const text = (): string =>
    question === null ? prose(subject) : answerTo(question, subject.fact, ...origin);
  switch (value.output_format) {
    case 'text':
      return question === null && share(...origin, 'nothing found') < 0.01 ? null : text();
    case 'number':
    case 'numeric':
      return numberIn(question, text(), origin);
    case 'select':
    case 'label':
      return labelled(value.labels ?? [], question === null ? null : text(), origin);
    case 'multiselect':
      return severalOf(value.labels ?? [], origin);
    case 'date':
      return dateIn(question, text(), origin);
    case 'url':
      return websiteOf(name);
    case 'email':
      return `info@${hostOf(name)}`;
    case 'phone':
      return phoneOf(origin);
    case 'grade':
      return between(1, 5, ...origin);
    case 'money':
      return between(1, 9_999, ...origin) * 100_000;
    case 'json':
      return bySchema(value.output_schema, subject, 'answer');
    case 'people':
      return peopleOf(name, ['Chief Executive Officer'], 2, origin);
  }
}

/** Returns a host of the domain reserved for examples. */
export const hostOf = (name: string): string => `${slugOf(name) || 'unnamed'}.example`;

export const websiteOf = (name: string): string => `https://www.${hostOf(name)}`;

export const phoneOf = (origin: Part[]): string =>
  `+1-555-01${String(between(0, 99, ...origin, 'phone')).padStart(2, '0')}`;

const FIRST = ['Ada', 'Grace', 'Alan', 'Edsger', 'Barbara', 'Donald', 'Frances', 'Tony'] as const;
const LAST = ['Example', 'Sample', 'Placeholder', 'Specimen', 'Mockup', 'Stand-In'] as const;

export function peopleOf(
  name: string,
  roles: string[],
  most: number,
  origin: Part[],
): JsonObject[] {
  const count = between(0, Math.max(0, most), ...origin, 'people');
  return Array.from({ length: count }, (_, at) => {
    const full_name = `${choose(FIRST, ...origin, at, 'first')} ${choose(LAST, ...origin, at, 'last')} ${at + 1}`;
    return {
      full_name,
      role: roles[at % roles.length] ?? 'Employee',
      profile_url: `https://people.example/${slugOf(name)}/${slugOf(full_name)}`,
    };
  });
}

const TRADES = [
  'makes tools for',
  'sells services to',
  'runs plants for',
  'builds software for',
] as const;
const BUYERS = ['manufacturers', 'hospitals', 'households', 'public bodies', 'banks'] as const;

function prose({ name, upstream, origin }: Subject): string {
  const known = Object.entries(upstream).map(
    ([key, answer]) => `${key}: ${typeof answer === 'string' ? answer : JSON.stringify(answer)}`,
  );
  const basis = known.length === 0 ? '' : ` (given ${known.join('; ')})`;
  return `${name} ${choose(TRADES, ...origin)} ${choose(BUYERS, ...origin, 'buyers')}${basis}. Synthetic text.`;
}

function numberIn(question: Question | null, text: string, origin: Part[]): number {
  const digits = question === null ? null : /\d+/.exec(text);
  return digits === null ? between(1, 100_000, ...origin, 'number') : Number(digits[0]);
}

function dateIn(question: Question | null, text: string, origin: Part[]): string {
  if (question === 'dateAdded' && text !== '') return text;
  const year = question === 'founded' ? /\d{4}/.exec(text) : null;
  return year === null ? syntheticDate(origin) : `${year[0]}-01-01`;
}

function labelled(labels: string[], answer: string | null, origin: Part[]): string | null {
  const wanted = answer === null ? null : slugOf(answer);
  return (
    labels.find((label) => slugOf(label) === wanted) ??
    labels[hash32(...origin, 'label') % Math.max(1, labels.length)] ??
    null
  );
}

const severalOf = (labels: string[], origin: Part[]): string[] => {
  const first = hash32(...origin, 'label') % Math.max(1, labels.length);
  return labels.filter((label, at) => at === first || share(...origin, label) < 0.25);
};

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The least a schema asks for: every property, answered by its name where that is a question. */
function bySchema(schema: Json | undefined, subject: Subject, name: string): Json {
  const { fact, origin } = subject;
  if (!isObject(schema)) return prose(subject);
  if (Array.isArray(schema['enum']) && schema['enum'].length > 0) {
    return schema['enum'][hash32(...origin, name) % schema['enum'].length] ?? null;
  }
  const question = questionIn(name.replaceAll('_', ' '));
  const answer = question === null ? null : answerTo(question, fact, ...origin);
  switch (schema['type']) {
    case 'object':
    case undefined: {
      const properties = schema['properties'];
      return Object.fromEntries(
        Object.entries(isObject(properties) ? properties : {}).map(([key, inner]) => [
          key,
          bySchema(inner, subject, key),
        ]),
      );
    }
    case 'array':
      return [bySchema(schema['items'], subject, name)];
    case 'number':
    case 'integer':
      return numberIn(question, answer ?? '', [...origin, name]);
    case 'boolean':
      return share(...origin, name) < 0.5;
    default:
      return answer ?? `Example ${name} ${between(1, 999, ...origin, name)}`;
  }
}
