import { quoted } from './row.ts';

/** Record of what was skipped while a source was read: no mistake, but worth a warning. */
export class SourceNotes {
  /** Columns with a unique name, of a source with a header. */
  header: readonly string[] | null = null;
  /** Number of rows with only delimiters and white space. */
  blankRows = 0;
  /** Lines with a repeated header. */
  readonly headersAgain: number[] = [];
  /** Numbers of the columns without a name, from 1. */
  unnamed: readonly number[] = [];
  /** Names that occur more than once in the header, with their column numbers. */
  readonly repeated = new Map<string, number[]>();

  /** Formats the warnings, one per line. */
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

/** Maximum numbers listed. */
const MAX_LISTED = 10;

const listed = (numbers: readonly number[]): string => {
  const shown = numbers.slice(0, MAX_LISTED).join(', ');
  return numbers.length > MAX_LISTED ? `${shown}, … (${numbers.length} in all)` : shown;
};
