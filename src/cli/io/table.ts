import stringWidth from 'string-width';
import { sanitize } from './sanitize.ts';

export interface TextColumn {
  title: string;
  align?: 'left' | 'right';
  /** Maximum width of a cell, longer ones are truncated. @default 48 */
  maxWidth?: number;
}

/** Aligns columns by their width in a terminal, also for wide characters. */
export function textTable(columns: readonly TextColumn[], rows: readonly string[][]): string {
  const cells = [columns.map(({ title }) => title), ...rows].map((row) =>
    columns.map(({ maxWidth = 48 }, at) =>
      truncate(sanitize(row[at] ?? '').replace(/\s+/g, ' '), maxWidth),
    ),
  );
  const widths = columns.map((_, at) =>
    Math.max(...cells.map((row) => stringWidth(row[at] ?? ''))),
  );
  return cells
    .map((row) =>
      columns
        .map(({ align }, at) => pad(row[at] ?? '', widths[at] ?? 0, align ?? 'left'))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

const pad = (text: string, width: number, align: 'left' | 'right'): string => {
  const space = ' '.repeat(Math.max(0, width - stringWidth(text)));
  return align === 'left' ? text + space : space + text;
};

/** Truncates a text to a width in a terminal, with a mark. */
export function truncate(text: string, maxWidth: number): string {
  if (stringWidth(text) <= maxWidth) return text;
  let short = '';
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    if (stringWidth(short + segment) > maxWidth - 1) break;
    short += segment;
  }
  return `${short}…`;
}
