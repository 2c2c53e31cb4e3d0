import type { RunProgress } from '../src/contract/run.ts';
import { code, fenced, link } from '../src/rules/markup.ts';

const BAR_CELLS = 30;

/** The current details in the Temporal UI: Markdown, with columns aligned in a fenced block. */
export function renderDetails(progress: RunProgress): string {
  const { cells, cellsPerMinute, apiCalls } = progress;
  const share = cells.total === 0 ? 0 : Math.min(1, cells.done / cells.total);
  const full = Math.floor(share * BAR_CELLS);
  const bar = '█'.repeat(full) + '░'.repeat(BAR_CELLS - full);
  const left = Math.max(0, cells.total - cells.done - (cells.failed ?? 0));
  const pass = progress.pass > 1 ? `, pass ${progress.pass}` : '';
  const lines = [
    `### ${progress.outcome ?? `${progress.stage}${pass}`}`,
    '',
    `\`${bar}\` ${Math.floor(share * 100)} %`,
    '',
    ...fence([
      ['rows', whole(progress.rows)],
      ['cells done', `${whole(cells.done)} of ${whole(cells.total)}`],
      ['failed', cells.failed === null ? 'known when the table is read' : whole(cells.failed)],
      ['left', whole(left)],
      ['in progress', cells.inProgress === 0 ? null : whole(cells.inProgress)],
      ['rate', cellsPerMinute === null ? null : `${whole(cellsPerMinute)} cells/min`],
      ['time left', progress.leftMs === null ? null : duration(progress.leftMs)],
      ['credits', creditsLine(progress)],
      ['API calls', `${whole(apiCalls.total)}, ${whole(apiCalls.polls)} of them polls`],
      ['as of', time(progress.asOfMs)],
      ['deadline', time(progress.deadlineAtMs)],
    ]),
    ...columnLines(progress),
  ];
  if (progress.problem !== null) lines.push('', `**Last problem:** ${code(progress.problem)}`);
  if (progress.tableUrl !== null) lines.push('', link('Table at the provider', progress.tableUrl));
  else if (progress.tableId !== null) lines.push('', `Table ${code(progress.tableId)}`);
  return lines.join('\n');
}

function columnLines(progress: RunProgress): string[] {
  const columns = Object.entries(progress.byColumn);
  if (columns.length === 0) return [];
  const width = Math.max(6, ...columns.map(([key]) => key.length));
  const row = (cells: readonly string[]): string =>
    cells.map((cell, at) => (at === 0 ? cell.padEnd(width) : cell.padStart(9))).join('');
  return [
    '',
    '```',
    row(['column', 'done', 'empty', 'failed', 'blocked', 'pending']),
    ...columns.map(([key, c]) =>
      row([fenced(key), ...[c.done, c.empty, c.failed, c.blocked, c.pending].map(whole)]),
    ),
    '```',
  ];
}

/** What has no value is left out. */
function fence(pairs: readonly (readonly [string, string | null])[]): string[] {
  const lines = pairs.flatMap(([name, value]) =>
    value === null ? [] : [`${name.padEnd(13)}${value}`],
  );
  return ['```', ...lines, '```'];
}

const creditsLine = (progress: RunProgress): string => {
  const before = progress.creditsBefore;
  const account = before === null ? '' : `; the account had ${whole(before)}`;
  return `${whole(progress.estimatedCredits)} estimated${account}`;
};

const whole = (value: number): string => Math.round(value).toLocaleString('en-US');

/** 2026-01-31 02:30:00 UTC */
const time = (ms: number): string =>
  `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;

function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
