import { quoted } from './row.ts';

/** What was passed over while a source was read: no mistake, but worth a warning. */
export class SourceNotes {
  /** Columns that can be named, of a source with a header. */
  header: readonly string[] | null = null;
  /** Rows of nothing but delimiters and white space. */
  blankRows = 0;
  /** Lines on which the header stands again. */
  readonly headersAgain: number[] = [];
  /** Columns of the header without a name, from 1. */
  unnamed: readonly number[] = [];
  /** Names that stand more than once in the header, and at which columns. */
  readonly repeated = new Map<string, number[]>();

  /** For people, one a line. */
  warnings(): string[] {
    return [
      ...this.#unnamedText(),
      ...[...this.repeated].map(
        ([name, columns]) =>
          `columns ${listed(columns)} of the header are all called ${quoted(name)}: they are ignored`,
      ),
      ...this.#headersText(),
      ...(this.blankRows === 0 ? [] : [`${rows(this.blankRows)} without any content skipped`]),
    ];
  }

  #unnamedText(): string[] {
    const { length } = this.unnamed;
    if (length === 0) return [];
    const what = length === 1 ? 'column' : 'columns';
    const [has, is] = length === 1 ? ['has', 'it is'] : ['have', 'they are'];
    return [`${what} ${listed(this.unnamed)} of the header ${has} no name: ${is} ignored`];
  }

  #headersText(): string[] {
    const { length } = this.headersAgain;
    if (length === 0) return [];
    const what = length === 1 ? 'line' : 'lines';
    return [`the header stands again on ${what} ${listed(this.headersAgain)}: skipped`];
  }
}

const rows = (count: number): string => (count === 1 ? '1 row' : `${count} rows`);

/** Numbers that are spelled out. */
const MAX_LISTED = 10;

const listed = (numbers: readonly number[]): string => {
  const shown = numbers.slice(0, MAX_LISTED).join(', ');
  return numbers.length > MAX_LISTED ? `${shown}, … (${numbers.length} in all)` : shown;
};
