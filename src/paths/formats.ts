import { extname } from 'node:path';
import type { ResultTarget, RowsFormat } from '../contract/pipeline.ts';

const ROWS_FORMATS: Record<string, RowsFormat> = {
  '.csv': 'csv',
  '.tsv': 'csv',
  '.jsonl': 'jsonl',
  '.ndjson': 'jsonl',
  '.json': 'json',
};

const RESULT_FORMATS: Record<string, ResultTarget['format']> = { '.jsonl': 'jsonl', '.csv': 'csv' };

export const ROWS_EXTENSIONS = Object.keys(ROWS_FORMATS);
export const RESULT_EXTENSIONS = Object.keys(RESULT_FORMATS);

/** By extension; `null` for one we do not read. */
export const rowsFormatOf = (path: string): RowsFormat | null => look(ROWS_FORMATS, path);

/** By extension; `null` for one we do not write. */
export const resultFormatOf = (path: string): ResultTarget['format'] | null =>
  look(RESULT_FORMATS, path);

const look = <T>(formats: Record<string, T>, path: string): T | null => {
  const extension = extname(path).toLowerCase();
  return Object.hasOwn(formats, extension) ? (formats[extension] ?? null) : null;
};

/** What is said about an extension beyond "not this one". */
export function extensionHint(path: string): string {
  const extension = extname(path).toLowerCase();
  if (['.gz', '.zst', '.zip', '.bz2', '.xz'].includes(extension)) return 'unpack it first; ';
  if (['.xlsx', '.xls', '.ods', '.numbers'].includes(extension)) return 'save the sheet as CSV; ';
  return '';
}
