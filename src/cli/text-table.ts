import stringWidth from 'string-width';
import { printable } from './printable.ts';

export interface TextColumn {
  title: string;
  align?: 'left' | 'right';
  /** Longer cells are cut. @default 48 */
  most?: number;
}

/** Columns lined up by what a terminal shows, also for wide letters. */
export function textTable(columns: readonly TextColumn[], rows: readonly string[][]): string {
  const cells = [columns.map(({ title }) => title), ...rows].map((row) =>
    columns.map(({ most = 48 }, at) => cut(printable(row[at] ?? '').replace(/\s+/g, ' '), most)),
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

/** At most so many columns of a terminal, with a mark where it is cut. */
export function cut(text: string, most: number): string {
  if (stringWidth(text) <= most) return text;
  let short = '';
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    if (stringWidth(short + segment) > most - 1) break;
    short += segment;
  }
  return `${short}…`;
}
