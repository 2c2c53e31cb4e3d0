import type { Json } from '../../../src/contract/json.ts';
import { RUN_FILE } from '../../../src/contract/names.ts';
import type { ChangeLine, ResultCell } from '../../../src/contract/results.ts';
import type { RunSummary } from '../../../src/contract/run.ts';
import {
  MAX_CHANGED_COLUMNS,
  MAX_CHANGES,
  MAX_SAMPLE_COLUMNS,
  MAX_SAMPLE_ROWS,
  type PassFacts,
  type PastRun,
  type ReportFacts,
  type SampleCell,
  type SampleRow,
  type SampleSource,
} from '../../../src/report/facts.ts';
import { unanswered } from '../../../src/rules/cells/outcome.ts';
import { resultRowOf } from '../../../src/sinks/port/rows.ts';
import { readRunLedger } from '../../../src/store/ledger.ts';
import type { Folder } from '../../../src/store/store.ts';
import { shorten } from '../../../src/text/shorten.ts';
import type { ActivityDeps } from '../../runtime/deps.ts';
import { readTimeline, type RunTimeline } from '../../run-files/run-timeline.ts';
import { ownReadings } from './own-readings.ts';
import { addPastRun } from './past-runs.ts';
import type { Quarantined } from '../summary/quarantine.ts';
import type { PublishResultsInput } from '../summary/summary.ts';

export interface ReportSources {
  folder: Folder;
  summary: RunSummary;
  /** Keys of the answer columns. */
  columns: readonly string[];
  quarantined: Quarantined;
  /** File with the changes in the run's folder; `null`: nothing was compared. */
  changes: string | null;
}

/** Clocks of workers and server differ: the day before is looked at as well. */
const CLOCK_SKEW_MS = 86_400_000;

const MAX_TEXT = 300;
const MAX_SOURCES = 3;

/** Gathers the facts of a report from the store and the ledger. Reads a few rows, whatever the list. */
export async function gatherFacts(
  deps: ActivityDeps,
  input: PublishResultsInput,
  { folder, summary, columns, quarantined, changes }: ReportSources,
): Promise<ReportFacts> {
  const nowMs = (deps.now ?? Date.now)();
  const { run, pipeline, lastScan, owner = null } = input;
  const startedAt = new Date(input.startedAtMs).toISOString();
  const timeline = await readTimeline(folder);
  const shown = columns.slice(0, MAX_SAMPLE_COLUMNS);
  const past: PastRun = {
    ...run,
    startedAt,
    outcome: summary.outcome,
    filled: filledOf(input),
    credits: summary.creditsSpent,
  };
  return {
    pipeline: pipeline.name,
    provider: pipeline.provider,
    tableUrl: input.table?.url ?? null,
    summary,
    startedAt,
    finishedAt: new Date(nowMs).toISOString(),
    byColumn: lastScan?.byColumn ?? {},
    readings:
      lastScan === null ? timeline.readings : ownReadings(timeline.readings, lastScan.cells),
    passes: await passesOf(deps, input, timeline, nowMs),
    runs: await addPastRun(deps.store.pipeline({ pipeline: pipeline.name, owner }), past),
    ...quarantined.byReason.facts(),
    changes: changes === null ? [] : await firstLines(folder, changes, MAX_CHANGES, shortChange),
    columns: shown,
    sample:
      lastScan === null
        ? []
        : await firstLines(folder, RUN_FILE.results, MAX_SAMPLE_ROWS, (line) =>
            sampleOf(line, shown, folder.locate(RUN_FILE.results)),
          ),
  };
}

function filledOf({ lastScan }: PublishResultsInput): number | null {
  if (lastScan === null) return null;
  const { done, empty } = lastScan.cells;
  const asked = done + empty + unanswered(lastScan.cells);
  return asked === 0 ? null : done / asked;
}

/** Passes by the ledger; what a scan found repaired belongs to the last pass before it. */
async function passesOf(
  { store }: ActivityDeps,
  { run, startedAtMs }: PublishResultsInput,
  { scans }: RunTimeline,
  nowMs: number,
): Promise<PassFacts[]> {
  const lines = await readRunLedger(store, run, startedAtMs - CLOCK_SKEW_MS, nowMs);
  return lines.map(({ pass, kind, at, columns, credits }, index) => {
    const next = lines[index + 1];
    const untilMs = next === undefined ? Infinity : Date.parse(next.at);
    const own = scans.filter(({ atMs }) => atMs >= Date.parse(at) && atMs < untilMs);
    return {
      pass,
      kind,
      at,
      cells: Object.values(columns).reduce((sum, { cells }) => sum + cells, 0),
      credits,
      repaired: own.reduce((sum, { repaired }) => sum + repaired, 0),
    };
  });
}

async function firstLines<T>(
  folder: Folder,
  name: string,
  max: number,
  read: (line: string) => T,
): Promise<T[]> {
  const found: T[] = [];
  if (!(await folder.exists(name))) return found;
  for await (const line of folder.lines(name)) {
    found.push(read(line));
    if (found.length === max) break;
  }
  return found;
}

function sampleOf(line: string, columns: readonly string[], where: string): SampleRow {
  const { key, cells } = resultRowOf(line, () => where);
  const shown = columns.flatMap((column): [string, SampleCell][] => {
    const cell = Object.hasOwn(cells, column) ? cells[column] : undefined;
    return cell === undefined ? [] : [[column, cellOf(cell)]];
  });
  return { key: cut(key), cells: Object.fromEntries(shown) };
}

const cellOf = ({ status, value, sources = [] }: ResultCell): SampleCell => ({
  status,
  text: cut(textOf(value)),
  sources: sources.slice(0, MAX_SOURCES).map(sourceOf),
});

/** A source is an address, or an object with one, by the provider's own habit. */
function sourceOf(source: Json): SampleSource {
  const url: unknown =
    typeof source === 'object' && source !== null ? Reflect.get(source, 'url') : source;
  const isAddress = typeof url === 'string' && /^https?:\/\//i.test(url) && url.length <= MAX_TEXT;
  const title: unknown =
    typeof source === 'object' && source !== null ? Reflect.get(source, 'title') : null;
  const text = typeof title === 'string' ? title : isAddress ? shortAddress(url) : textOf(source);
  return { text: text.slice(0, MAX_LABEL), url: isAddress ? url : null };
}

const MAX_LABEL = 60;
const shortAddress = (url: string): string => url.replace(/^https?:\/\/(?:www\.)?/i, '');

const textOf = (value: Json): string =>
  typeof value === 'string' ? value : value === null ? '' : JSON.stringify(value);

const cut = (text: string): string => shorten(text, MAX_TEXT);

/** A change with the answers of a few columns, shortened. */
function shortChange(line: string): ChangeLine {
  // Safe cast: this step wrote the line.
  const change = JSON.parse(line) as ChangeLine;
  const columns = Object.entries(change.columns)
    .slice(0, MAX_CHANGED_COLUMNS)
    .map(([name, { from, to }]): [string, { from: Json; to: Json }] => [
      name,
      { from: shortValue(from), to: shortValue(to) },
    ]);
  return { ...change, key: cut(change.key), columns: Object.fromEntries(columns) };
}

const shortValue = (value: Json): Json => (value === null ? null : cut(textOf(value)));
