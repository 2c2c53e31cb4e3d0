import { RowmillError } from '../../errors.ts';
import type { StarterColumn } from '../../providers/catalog.ts';
import { foldName } from '../../sources/rows/blank.ts';
import type { List } from './list-columns.ts';

/** Columns to begin with, asked about companies. */
const OF_COMPANIES: readonly StarterColumn[] = [
  {
    name: 'What they do',
    ask: (subject) => `What does ${subject} do? Answer in one sentence.`,
    type: 'text',
  },
  {
    name: 'Headquarters',
    ask: (subject) => `Where are the headquarters of ${subject}? Answer with city and country.`,
    type: 'text',
  },
  {
    name: 'Employees',
    ask: (subject) => `How many employees does ${subject} have? Answer with a number only.`,
    type: 'number',
  },
];

/** Columns to begin with, asked about anything else. */
const OF_ANYTHING: readonly StarterColumn[] = [
  {
    name: 'Summary',
    ask: (subject) => `What is ${subject}? Answer in one sentence.`,
    type: 'text',
  },
  {
    name: 'Official website',
    ask: (subject) =>
      `What is the address of the official website of ${subject}? Answer with the address only.`,
    type: 'text',
  },
];

/** Proposes columns that the list does not have. */
export function proposedColumns(list: List, companies: boolean): readonly StarterColumn[] {
  const there = new Set(list.columns.map(({ name }) => folded(name)));
  const all = companies ? OF_COMPANIES : OF_ANYTHING;
  const missing = all.filter(({ name }) => !there.has(folded(name)));
  return missing.length === 0 ? all.slice(0, 1) : missing;
}

const MAX_ASKED = 50;

/**
 * Reads names of columns, separated by commas. A name of the proposal keeps its question.
 * @throws RowmillError `usage`
 */
export function columnsNamed(text: string, companies: boolean): StarterColumn[] {
  // Braces would mention a column in a prompt.
  const names = text.split(',').map((name) => foldName(name.replace(/[{}\p{C}]/gu, ' ')));
  const unique = [...new Map(names.map((name) => [folded(name), name])).values()];
  const asked = unique.filter((name) => name !== '');
  if (asked.length === 0 || asked.length > MAX_ASKED || asked.some(({ length }) => length > 100)) {
    throw new RowmillError('usage', `${asked.length} columns are named`, {
      where: '--columns',
      remedy: `Name 1 to ${MAX_ASKED} columns of at most 100 characters: --columns "Sector, CEO".`,
    });
  }
  const known = companies ? OF_COMPANIES : OF_ANYTHING;
  return asked.map(
    (name) =>
      known.find((column) => folded(column.name) === folded(name)) ?? {
        name,
        ask: (subject) => `What is the ${name} of ${subject}? Answer with a few words.`,
        type: 'text',
      },
  );
}

const folded = (name: string): string => foldName(name).toLowerCase();
