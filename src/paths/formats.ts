import { extname } from 'node:path';
import type { RowsFormat } from '../contract/pipeline.ts';

const ROWS_FORMATS: Record<string, RowsFormat> = {
  '.csv': 'csv',
  '.tsv': 'csv',
  '.jsonl': 'jsonl',
  '.ndjson': 'jsonl',
  '.json': 'json',
};

export const ROWS_EXTENSIONS = Object.keys(ROWS_FORMATS);

/** Returns the format of a file extension; `null` for an unsupported one. */
export const rowsFormatOf = (path: string): RowsFormat | null => {
  const extension = extname(path).toLowerCase();
  return Object.hasOwn(ROWS_FORMATS, extension) ? (ROWS_FORMATS[extension] ?? null) : null;
};

/** Explains an unsupported extension. */
export function extensionHint(path: string): string {
  const extension = extname(path).toLowerCase();
  if (['.gz', '.zst', '.zip', '.bz2', '.xz'].includes(extension)) return 'unpack it first; ';
  if (['.xlsx', '.xls', '.ods', '.numbers'].includes(extension)) return 'save the sheet as CSV; ';
  return '';
}
