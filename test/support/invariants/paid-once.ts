import { isSkipped } from './skipped.ts';
import { wasCutShort, type Evidence } from './evidence.ts';

/** I3. */
export function* nothingPaidTwice(evidence: Evidence): Iterable<string> {
  const { tables, cellsPaid } = evidence;
  const inFlight = new Set(tables.flatMap((table) => table.inFlight));
  let starts = 0;
  for (const { rowId, row, column, ...cell } of tables.flatMap(({ cells }) => cells)) {
    const name = `cell ${row}/${column}`;
    if (isPaid(evidence, column)) starts += cell.starts;
    if (cell.starts > 0 && isSkipped(evidence, row, column)) {
      yield `${name} was asked for, though its condition does not hold`;
    }
    if (cell.done > 1) yield `${name} was done ${cell.done} times`;
    // One start for the answer (or for the cell in progress), and one for each that came to nothing.
    const unsuccessful = cell.failed + cell.lost;
    const inProgress = inFlight.has(`${rowId}/${column}`) ? 1 : 0;
    if (cell.starts > cell.done + unsuccessful + inProgress) {
      yield `${name}: ${cell.starts} starts, ${cell.done} done, ${unsuccessful} unsuccessful`;
    }
    if (cell.starts > 1 + passesOver(evidence) + cell.lost) {
      yield `${name} was started ${cell.starts} times`;
    }
  }
  // What the live tables do not account for was paid in tables that are gone.
  if (starts !== cellsPaid) yield `${cellsPaid} cells paid, of which ${starts} in the run's table`;
  yield* creditsReported(evidence);
}

/** Passes over failed cells, at most; a rerun is asked for one more. */
function passesOver({ pipeline, passesAsked, earlier }: Evidence): number {
  // Those of a canary, and those of the rest.
  const stages = pipeline.canary === undefined ? 1 : 2;
  const passes = stages * pipeline.run.failedPasses + passesAsked;
  return earlier === null ? passes : passes + 1 + passesOver(earlier);
}

function* creditsReported(evidence: Evidence): Iterable<string> {
  const { summary, balanceDisturbed, earlier } = evidence;
  const change = summary?.balanceChange ?? null;
  const said = change === null ? null : -change;
  if (said === null || balanceDisturbed) return;
  // Cells of a run that was cut short may still start after the next run has read the balance.
  if (earlier !== null && wasCutShort(earlier)) return;
  const creditsSpent = evidence.creditsSpent - (earlier?.creditsSpent ?? 0);
  // Cells in progress when a run is cut short start, and are paid, after it has read the balance.
  const reading = wasCutShort(evidence) ? evidence.finished.get('publishResults') : undefined;
  const least = creditsSpent - spentSince(evidence, reading?.fromMs ?? Infinity);
  const most = creditsSpent - spentSince(evidence, reading?.toMs ?? Infinity);
  if (said < least || said > most) {
    yield `the run says ${said} credits, ${creditsSpent} were spent, ${least} to ${most} of them by then`;
  }
}

const spentSince = ({ tables }: Evidence, sinceMs: number): number =>
  tables
    .flatMap(({ cells }) => cells)
    .filter(({ startedAtMs }) => startedAtMs >= sinceMs)
    .reduce((sum, { price }) => sum + price, 0);

const isPaid = ({ columns }: Evidence, column: string): boolean =>
  columns.some(({ key, paid }) => key === column && paid);
