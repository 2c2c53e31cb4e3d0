import { RowmillError } from '../../errors.ts';
import { foldName } from '../../sources/rows/blank.ts';
import { MAX_COLUMNS, type List, type ListColumn } from './list-columns.ts';

/** Share of rows that a proposed key or input may lack. */
const MOST_MISSING = 0.3;

const ID = /(?:^|[ _-])(?:id|uuid|guid|key|sku|isin|lei|duns|ticker|symbol|code|number|nr|no)$/;
const WEB = /(?:^|[ _-])(?:domain|website|web site|url|homepage|site)$/;
const COMPANY =
  /(?:^|[ _-])(?:company|companies|company name|organi[sz]ation|account|account name|security|business|firm|brand|vendor|supplier|customer|employer)$/;
const NAME = /(?:^|[ _-])(?:name|title|product|item|label)$/;
const MAIL = /(?:^|[ _-])e-?mail(?: address)?$/;

/** Normalizes a column name for the patterns: `companyId` → `company id`. */
const wordsOf = (name: string): string =>
  foldName(name)
    .replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
    .toLowerCase();

/**
 * Proposes the column that identifies a row: unique, and named like a key.
 * @throws RowmillError `rows_invalid` if no column is almost unique
 */
export function chooseKey(list: List): ListColumn {
  const best = bestOf(list.columns, (column) => {
    const missing = (column.unusable + column.repeated) / list.rows;
    if (missing > MOST_MISSING) return 0;
    return keyScore(column) * (missing === 0 ? 1 : 0.5);
  });
  if (best !== null) return best;
  const most = list.columns
    .slice(0, 10)
    .map(({ name, unusable, repeated }) => `${name}: ${Math.min(list.rows, unusable + repeated)}`);
  throw new RowmillError(
    'rows_invalid',
    `${noneOf(list)} identifies a row; of ${list.rows} rows these lack a value of their own:\n${most.join('\n')}`,
    {
      where: list.path,
      remedy: 'Name the column with --key, or add one with another value in each row.',
    },
  );
}

const noneOf = ({ hasMore }: List): string =>
  hasMore ? `none of the first ${MAX_COLUMNS} columns` : 'no column';

function keyScore({ name, numbers, length }: ListColumn): number {
  const words = wordsOf(name);
  if (ID.test(words)) return 100;
  if (WEB.test(words)) return 80;
  if (MAIL.test(words)) return 70;
  if (COMPANY.test(words) || NAME.test(words)) return 60;
  // A number or a long text is unique by accident, and changes.
  if (numbers > 0.5) return 10;
  return length > 80 ? 5 : 30;
}

/**
 * Proposes the column that is asked about: a web address, or a name.
 * @throws RowmillError `rows_invalid` if no column has values in most rows
 */
export function chooseInput(list: List): ListColumn {
  const readable = list.rows - list.unreadable;
  const best = bestOf(list.columns, (column) =>
    1 - column.filled / readable > MOST_MISSING ? 0 : inputScore(column),
  );
  if (best !== null) return best;
  throw new RowmillError('rows_invalid', `${noneOf(list)} has a value in most rows`, {
    where: list.path,
    remedy: 'Name the column to ask about with --input, or fill one in.',
  });
}

function inputScore(column: ListColumn): number {
  const words = wordsOf(column.name);
  if (column.domains > 0.8) return WEB.test(words) ? 100 : 80;
  if (WEB.test(words)) return 75;
  if (COMPANY.test(words)) return 90;
  if (NAME.test(words)) return 70;
  if (column.numbers > 0.5 || column.length > 120) return 1;
  return ID.test(words) ? 20 : 30;
}

/** Checks whether the values of a column name companies. */
export const namesCompanies = (column: ListColumn): boolean => {
  const words = wordsOf(column.name);
  return column.domains > 0.5 || WEB.test(words) || COMPANY.test(words);
};

/** Returns the first of the columns with the highest score; `null` if all have 0. */
function bestOf(
  columns: readonly ListColumn[],
  score: (column: ListColumn) => number,
): ListColumn | null {
  let best: ListColumn | null = null;
  let most = 0;
  for (const column of columns) {
    const points = score(column);
    if (points > most) [best, most] = [column, points];
  }
  return best;
}
