import type { LastingTable } from '../../src/nights/lasting-table.ts';
import type { PassLine } from '../../src/contract/spend.ts';
import { outdatedCells, type OutdatedColumns } from '../../src/nights/outdated-cells.ts';
import { readLedger } from '../../src/store/ledger.ts';
import type { Folder } from '../../src/store/store.ts';
import { cellSetFile, cellSetLines, sentSince } from '../run-files/cell-set-file.ts';
import type { ActivityDeps } from '../runtime/deps.ts';

/**
 * Returns the outdated cells that the last run did not ask for: a ceiling cut it, or it was terminated.
 * A pass whose acceptance is not recorded may have asked. The time of the answer then decides, once the
 * table is read.
 */
export async function carriedOver(
  deps: ActivityDeps,
  before: LastingTable | null,
  last: Folder | null,
): Promise<Map<string, OutdatedColumns>> {
  if (before === null || last === null) return new Map();
  const outdated = await outdatedCells(last);
  if (outdated.size === 0) return outdated;
  for (const { pass, accepted, at } of await passesOf(deps, before)) {
    if (!(await last.exists(cellSetFile(pass)))) continue;
    // The line of the ledger has the time of the last attempt; an earlier one may have sent.
    const since = (await sentSince(last, pass)) ?? at;
    for await (const line of cellSetLines(last, pass)) {
      if (!('groups' in line)) continue;
      const rows = 'key' in line ? [outdated.get(line.key)] : outdated.values();
      const asked = line.groups.flatMap(({ columns }) => columns);
      for (const row of rows) {
        for (const column of asked) {
          if (accepted) row?.delete(column);
          else if (row?.has(column) === true) row.set(column, row.get(column) ?? since);
        }
      }
    }
  }
  for (const [key, columns] of outdated) if (columns.size === 0) outdated.delete(key);
  return outdated;
}

/** Passes of the last run in the ledger. */
async function passesOf(
  { store, now = Date.now }: ActivityDeps,
  { last }: LastingTable,
): Promise<PassLine[]> {
  // The clock that opened the last night: this machine's may be behind it.
  const lines = await readLedger(store, Date.parse(last.openedAt), now());
  return lines.flatMap((line) =>
    line.type === 'pass' && line.run === last.workflowId && line.firstRunId === last.firstRunId
      ? [line]
      : [],
  );
}
