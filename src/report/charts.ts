import { formatDuration, formatInteger } from '../text/numbers.ts';
import { markup, type Html } from './markup.ts';
import type { PastRun, Reading } from './facts.ts';

/** Charts as inline SVG, whose colours are classes of the style sheet. */

const WIDTH = 720;
const HEIGHT = 180;
/** Room for the labels of the axes. */
const LEFT = 64;
const BOTTOM = 22;
const TOP = 10;

const at = (value: number): string => value.toFixed(1).replace(/\.0$/, '');

/** Scales a value to the height of a chart, from its bottom up. */
const heightOf = (value: number, max: number): number =>
  max <= 0 ? 0 : (Math.max(0, Math.min(value, max)) / max) * (HEIGHT - BOTTOM - TOP);

const frame = (label: string, top: string, marks: readonly Html[]): Html =>
  markup`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${label}">
    <line class="axis" x1="${LEFT}" y1="${HEIGHT - BOTTOM}" x2="${WIDTH}" y2="${HEIGHT - BOTTOM}" />
    <text x="${LEFT - 6}" y="${TOP + 8}" text-anchor="end">${top}</text>
    <text x="${LEFT - 6}" y="${HEIGHT - BOTTOM}" text-anchor="end">0</text>
    ${marks}
  </svg> `;

/** Cells over time; `null`: fewer than two readings. */
export function progressChart(readings: readonly Reading[]): Html | null {
  const [first] = readings;
  const last = readings.at(-1);
  if (first === undefined || last === undefined || first === last) return null;
  const spanMs = Math.max(1, last.atMs - first.atMs);
  const max = Math.max(...readings.map(({ total, done }) => Math.max(total, done)));
  const xOf = (atMs: number): string => at(LEFT + ((atMs - first.atMs) / spanMs) * (WIDTH - LEFT));
  const line = (kind: string, of: (reading: Reading) => number | null): Html => {
    const points = readings.flatMap((reading) => {
      const value = of(reading);
      if (value === null) return [];
      return [`${xOf(reading.atMs)},${at(HEIGHT - BOTTOM - heightOf(value, max))}`];
    });
    return markup`<polyline class="${kind}" points="${points.join(' ')}" /> `;
  };
  return frame(`cells over ${formatDuration(spanMs)}`, formatInteger(max), [
    line('of-running', ({ inProgress }) => inProgress),
    line('of-failed', ({ failed }) => failed),
    line('of-done', ({ done }) => done),
    markup`<text x="${LEFT}" y="${HEIGHT - 4}">0 s</text>
      <text x="${WIDTH}" y="${HEIGHT - 4}" text-anchor="end">${formatDuration(spanMs)}</text> `,
  ]);
}

/** A bar for each run, the oldest first. */
export function runsChart(
  runs: readonly PastRun[],
  { name, valueOf, textOf, max }: RunsChart,
): Html {
  const top = max ?? Math.max(...runs.map((run) => valueOf(run) ?? 0));
  const step = (WIDTH - LEFT) / Math.max(1, runs.length);
  const bars = runs.map((run, index) => {
    const value = valueOf(run) ?? 0;
    const height = heightOf(value, top);
    const x = LEFT + index * step;
    return markup`<rect
        class="bar ${run.outcome}"
        x="${at(x + step * 0.15)}"
        y="${at(HEIGHT - BOTTOM - height)}"
        width="${at(step * 0.7)}"
        height="${at(height)}"
        ><title>${run.workflowId}, ${run.outcome}: ${textOf(valueOf(run))}</title></rect
      >
      <text class="day" x="${at(x + step / 2)}" y="${HEIGHT - 6}" text-anchor="middle"
        >${run.startedAt.slice(5, 10)}</text
      > `;
  });
  return frame(name, textOf(top), bars);
}

export interface RunsChart {
  name: string;
  /** `null`: not known of this run. */
  valueOf: (run: PastRun) => number | null;
  textOf: (value: number | null) => string;
  /** Top of the axis. @default the greatest value */
  max?: number;
}

/** Parts of a whole as one bar, in this order. */
export function partsBar(parts: readonly (readonly [string, number])[]): Html {
  const total = parts.reduce((sum, [, count]) => sum + count, 0);
  let x = 0;
  const marks = parts.flatMap(([kind, count]) => {
    if (count === 0) return [];
    const width = (count / total) * 100;
    const mark = markup`<rect
      class="${kind}"
      x="${x.toFixed(2)}"
      y="0"
      width="${width.toFixed(2)}"
      height="10"
      ><title>${kind}: ${formatInteger(count)}</title></rect
    >`;
    x += width;
    return [mark];
  });
  return markup`<svg class="parts" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
    ${marks}
  </svg>`;
}
