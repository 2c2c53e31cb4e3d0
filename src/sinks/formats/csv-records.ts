import { stringify } from 'csv-stringify/sync';

/** Quotes a bare CR as well: readers end a row there, too. */
const OPTIONS = { record_delimiter: '\n', quoted_match: /\r/ };

/** Formats records as lines of a CSV. */
export const recordsText = (records: string[][]): string => stringify(records, OPTIONS);
