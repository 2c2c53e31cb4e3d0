import { basename } from 'node:path';
import type { CellSetEnd, CellSetLine } from '../../../activities/run-files/cell-set-file.ts';
import type { Evidence } from './evidence.ts';

/** I12: a cell is started at most once for each cell set that it is in. */
export function* askedIsDue({ tables, texts, columns }: Evidence): Iterable<string> {
  const ours = new Set(columns.map(({ key }) => key));
  const everyRow = new Map<string, number>();
  const oneRow = new Map<string, number>();
  const count = (counts: Map<string, number>, name: string): void => {
    counts.set(name, (counts.get(name) ?? 0) + 1);
  };
  for (const line of linesOf(texts)) {
    if ('asked' in line) continue;
    for (const column of line.groups.flatMap((group) => group.columns)) {
      if ('rowId' in line) count(oneRow, `${line.rowId}/${column}`);
      else count(everyRow, column);
    }
  }
  for (const { rowId, row, column, starts, lost } of tables.flatMap(({ cells }) => cells)) {
    if (!ours.has(column)) continue;
    const asked = (everyRow.get(column) ?? 0) + (oneRow.get(`${rowId}/${column}`) ?? 0);
    if (starts > asked + lost) {
      yield `cell ${row}/${column} was started ${starts} times, and is in ${asked} cell sets`;
    }
  }
}

function* linesOf(texts: ReadonlyMap<string, string>): Iterable<CellSetLine | CellSetEnd> {
  for (const [path, text] of texts) {
    if (!/^asked-\d+\.jsonl$/.test(basename(path))) continue;
    for (const line of Buffer.from(text, 'latin1').toString('utf8').split('\n')) {
      // Written by chooseCells in this shape.
      if (line !== '') yield JSON.parse(line) as CellSetLine | CellSetEnd;
    }
  }
}
