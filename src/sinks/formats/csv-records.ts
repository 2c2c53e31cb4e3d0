import { stringify } from 'csv-stringify';

/** Quotes a bare CR as well: readers end a row there, too. */
const OPTIONS = { record_delimiter: '\n', quoted_match: /\r/ };

/** Formats records as lines of a CSV. */
export const recordsText = (records: string[][]): Promise<string> =>
  new Promise((resolve, reject) => {
    stringify(records, OPTIONS, (error, output) => {
      if (error) reject(error);
      else resolve(output);
    });
  });
