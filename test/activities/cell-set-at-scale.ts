/**
 * Decides the cell set of a large table and turns it into requests, in a process of its own whose
 * heap the test limits. Usage: `node cell-set-at-scale.ts FOLDER`; prints figures as JSON.
 */
import { mergeParts } from '../../activities/results/scan/merge-parts.ts';
import { openCellsFile } from '../../activities/run-files/open-cells.ts';
import { SNAPSHOT_FILE } from '../../activities/run-files/snapshot.ts';
import { chooseCells, type PassScope } from '../../activities/table/choose-cells.ts';
import { scopesOf } from '../../activities/table/cell-set-scopes.ts';
import { askedByReason } from '../../src/rules/cells/cell-set.ts';
import { createFileStore } from '../../src/store/disk/file-store.ts';

const ROWS = 100_000;
const KEYS = Array.from({ length: 20 }, (_, at) => `column_${at}`);

const [, , root = ''] = process.argv;
const folder = createFileStore(root).run({ workflowId: 'w', firstRunId: 'r' });

const columns = KEYS.map((key) => ({
  id: `id-${key}`,
  key,
  name: key,
  input: false,
  ours: true,
  dependsOn: [],
}));
const idOf = (row: number): string => `00000000-0000-4000-8000-${String(row).padStart(12, '0')}`;
/** Every third cell of a row has no answer, another third of the columns in the next row. */
const isOpen = (row: number, at: number): boolean => (row + at) % 3 !== 0;

/** One scan of a table in which most cells failed. */
async function scan(number: number, kind: 'first' | 'failed'): Promise<void> {
  const draft = await folder.create(`parts/${number}/000000.jsonl`);
  for (let row = 0; row < ROWS; row += 1) {
    const open = KEYS.flatMap((column, at) =>
      isOpen(row, at)
        ? [{ column, status: 'failed', reason: 'no', inFlight: false, startable: false }]
        : [],
    );
    await draft.line(`${row}\t${JSON.stringify(idOf(row))}\t{}\t${JSON.stringify(open)}`);
  }
  await draft.commit();
  await mergeParts(folder, number, { lateBy: 0, kind });
}

const rows = await folder.create(SNAPSHOT_FILE);
for (let row = 0; row < ROWS; row += 1)
  await rows.line(JSON.stringify({ key: `S${row}`, input: {} }));
await rows.commit();

await scan(1, 'first');
await scan(2, 'failed');
const pass: PassScope = {
  pass: 2,
  kind: 'failed',
  mode: 'failed',
  table: { id: 't', url: null, columns },
  scan: 2,
  rows: ROWS,
  mayHaveDuplicates: false,
};
const { asked } = await chooseCells(pass, folder);
const whole = await scopesOf(pass, folder);
// Cut by limits, every row has to be named.
const cut = { ...pass, limits: Object.fromEntries(KEYS.map((key) => [key, ROWS / 2])) };
const { asked: askedCut } = await chooseCells(cut, folder);
const named = await scopesOf(cut, folder);
const figures = {
  openBytes: await folder.size(openCellsFile(2)),
  asked: askedByReason(asked),
  wholeRequests: whole.length,
  askedCut: askedByReason(askedCut),
  namedRequests: named.length,
  peakMiB: Math.round(process.resourceUsage().maxRSS / 1_024),
};
process.stdout.write(JSON.stringify(figures));
