/** Origin of a figure. A simulated one comes from the product's own rules on a clock of numbers. */
export type Origin = 'measured' | 'simulated' | 'measured and simulated';

/** One line of the table. */
export interface Figure {
  /** Name of the ratio: R1, R2, … */
  ratio: string;
  /** Provider, where each has a figure of its own. */
  provider?: string;
  what: string;
  value: number;
  /** Written behind the value. @default none: a plain ratio */
  unit?: '%' | 's' | 'ms' | 'KB' | 'slices' | 'events' | 'runs';
  /** The best a figure can be is low, unless it says otherwise. */
  better?: 'high';
  bar?: number;
  stretch?: number;
  origin: Origin;
  /** Figure of the naive script or of the bare loop, in the same unit. */
  naive?: number;
  /** The least that any way of doing it needs, in the same unit. */
  bound?: number;
  note?: string;
}

export type Verdict = 'stretch' | 'bar' | 'MISSED' | '';

/** Compares the value with its bar and stretch; empty for a figure without either. */
export function verdictOf({ value, bar, stretch, better }: Figure): Verdict {
  const within = (limit: number): boolean => (better === 'high' ? value >= limit : value <= limit);
  if (stretch !== undefined && within(stretch)) return 'stretch';
  if (bar === undefined) return '';
  return within(bar) ? 'bar' : 'MISSED';
}

/** The figures as a table of plain text. */
export function tableOf(figures: readonly Figure[]): string {
  const head = [
    '',
    'provider',
    'what',
    'figure',
    'naive',
    'bound',
    'bar',
    'stretch',
    'met',
    'how',
    '',
  ];
  const rows = figures.map((figure) => [
    figure.ratio,
    figure.provider ?? '',
    figure.what,
    written(figure.value, figure),
    written(figure.naive, figure),
    written(figure.bound, figure),
    written(figure.bar, figure),
    written(figure.stretch, figure),
    verdictOf(figure),
    figure.origin,
    figure.note ?? '',
  ]);
  const lines = [head, ...rows];
  const widths = head.map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)));
  const numeric = new Set([3, 4, 5, 6, 7]);
  return lines
    .map((line) =>
      line
        .map((text, at) =>
          numeric.has(at) ? text.padStart(widths[at] ?? 0) : text.padEnd(widths[at] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Units of which there are no parts, or none that matter. */
const WHOLE: ReadonlySet<string> = new Set(['ms', 'slices', 'events', 'runs']);

function written(value: number | undefined, { unit }: Figure): string {
  if (value === undefined) return '';
  const digits = unit === undefined ? 3 : WHOLE.has(unit) ? 0 : 1;
  return `${value.toFixed(digits)}${unit === undefined ? '' : ` ${unit}`}`;
}
