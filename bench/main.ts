import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { dirname, join } from 'node:path';
import { createFileStore } from '../src/store/disk/file-store.ts';
import { BASE_CASE } from './cases.ts';
import { besideFigures } from './beside-waiting.ts';
import { commandFigures } from './commands.ts';
import { eventFigures, failingRun, wallFigures } from './failing-run.ts';
import { exportFigures } from './export.ts';
import { tableOf, verdictOf, type Figure } from './figure.ts';
import { benchOptions, type BenchOptions } from './options.ts';
import { manyFigures } from './many-pipelines.ts';
import { nightFigures } from './nights.ts';
import { comparePeers, peersTable } from './peers/table.ts';
import { pollingFigures } from './polling.ts';
import { callFigures, historyFigures, memoryFigures, sizedRuns, type SizedRuns } from './runs.ts';
import { benchPipeline } from './site/pipeline.ts';
import { openSite, TOKEN, type Site } from './site/site.ts';
import { overheadFigures } from './overhead.ts';
import { sinkFigures } from './sinks/figures.ts';
import { startFigures } from './start.ts';
import { stormFigures } from './storms.ts';
import { waitingCostFigures } from './waiting-cost.ts';
import { waitingFigures } from './waiting-runs.ts';
import { loopFigures } from './wall.ts';

/** Others at work on the machine show here. */
const loadAtStart = loadavg()[0];
const options = readOptions();
if (typeof options === 'string') console.log(options);
else if (options !== null) await (options.peers ? measurePeers(options) : measureAll(options));

/** Reads the flags; a wrong one ends the bench with its text. */
function readOptions(): ReturnType<typeof benchOptions> | null {
  try {
    return benchOptions(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    console.error(`error: ${error.message}\nnpm run bench -- --help lists flags and ratios`);
    process.exitCode = 2;
    return null;
  }
}

async function measureAll(asked: BenchOptions): Promise<void> {
  const figures = await measure(asked);
  console.log(tableOf(figures));
  const all = figures.map((figure) => ({ ...figure, met: verdictOf(figure) }));
  await writeReport({ machine: machine(), quick: asked.quick, figures: all }, asked.json);
  if (figures.some((figure) => verdictOf(figure) === 'MISSED')) process.exitCode = 1;
}

async function measurePeers({ json }: BenchOptions): Promise<void> {
  say('starting Temporal');
  const site = await openSite();
  try {
    const lines = await comparePeers(site, say);
    console.log(peersTable(lines));
    await writeReport({ machine: machine(), lines }, json);
  } finally {
    await site.close();
  }
}

async function writeReport(report: object, file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(
    file,
    `${JSON.stringify({ at: new Date().toISOString(), ...report }, null, 2)}\n`,
  );
  console.log(`\nwritten to ${file}`);
}

async function measure(asked: BenchOptions): Promise<Figure[]> {
  const wants = (...ratios: string[]): boolean =>
    asked.only.size === 0 || ratios.some((ratio) => asked.only.has(ratio));
  const found: Figure[] = [];
  if (wants('R2', 'R3', 'R5')) {
    say('simulating passes');
    found.push(...pollingFigures(asked.quick ? 100 : 400));
  }
  if (wants('R17')) {
    for (const its of asked.cases) {
      say(`simulating runs in storms, ${its.provider}`);
      found.push(...(await stormFigures(its)));
    }
  }
  if (wants('R13', 'R20')) {
    for (const its of asked.cases) {
      say(`simulating 30 nights, ${its.provider}`);
      found.push(...(await nightFigures(its)));
    }
  }
  if (wants('R22')) {
    say('publishing to sinks');
    found.push(...(await sinkFigures(asked.quick ? [10_000] : [10_000, 100_000])));
  }
  if (wants('R1', 'R4', 'R5', 'R6', 'R7', 'R8', 'R14', 'R15', 'R16', 'R18', 'R19', 'R21', 'R23')) {
    say('starting Temporal');
    const site = await openSite();
    try {
      found.push(...(await measureOn(site, asked, wants)));
    } finally {
      await site.close();
    }
  }
  const inOrder = (figure: Figure): number => Number(figure.ratio.slice(1));
  return found.filter(({ ratio }) => wants(ratio)).toSorted((a, b) => inOrder(a) - inOrder(b));
}

async function measureOn(
  site: Site,
  asked: BenchOptions,
  wants: (...ratios: string[]) => boolean,
): Promise<Figure[]> {
  const found: Figure[] = [];
  if (wants('R14')) {
    say('starting commands and workers');
    found.push(...(await commandFigures(site.folder)));
    found.push(...(await startFigures(site)));
  }
  if (wants('R1', 'R6', 'R7', 'R8')) {
    for (const its of asked.cases) {
      say(`runs of 1 k to 100 k rows, ${its.provider}`);
      const sized = await sizedRuns(site, its, asked);
      found.push(...callFigures(sized), ...historyFigures(sized), ...memoryFigures(sized));
      // The bare loop that it is compared with speaks one language only.
      if (wants('R8') && its.naive) {
        say('exports');
        found.push(...(await exportOf(site, sized)));
      }
    }
  }
  if (wants('R4', 'R5')) {
    for (const its of asked.cases) {
      say(`a run with failing cells at 10 requests a second, ${its.provider}`);
      const run = await failingRun(site, its);
      // The passes it is joined with are simulated at the pace of this provider's cells.
      found.push(
        ...(its.provider === BASE_CASE.provider ? wallFigures(run) : []),
        ...eventFigures(run, its),
      );
    }
  }
  if (wants('R15')) {
    say('many runs that wait');
    found.push(...(await waitingFigures(site, asked)));
  }
  if (wants('R16')) {
    say('many pipelines at once, to their end');
    found.push(...(await manyFigures(site)));
  }
  if (wants('R18')) {
    say('what runs cost that wait');
    found.push(...(await waitingCostFigures(site)));
  }
  if (wants('R19')) {
    say('a run by default, and a bare loop');
    found.push(...(await loopFigures(site, asked)));
  }
  if (wants('R21')) {
    say('starts beside runs that wait');
    found.push(...(await besideFigures(site, asked)));
  }
  if (wants('R23')) {
    say('a short run from start to end');
    found.push(...(await overheadFigures(site)));
  }
  return found;
}

/** Measures the export of the table that the run of 10 k rows left behind. */
async function exportOf(site: Site, { runs, apiUrl }: SizedRuns): Promise<Figure[]> {
  const run = runs.find(({ rows }) => rows === 10_000);
  if (run?.summary.tableId === undefined || run.summary.tableId === null) return [];
  const { workflowId, runId, tableId } = run.summary;
  const pipeline = await benchPipeline(join(site.folder, 'export'), run.rows);
  const folder = createFileStore(site.store).run({ workflowId, firstRunId: runId });
  const snapshot = { digest: '', rows: run.rows, bytes: 0 };
  const snapshotFile = folder.locate('rows.jsonl');
  const job = { folder: site.folder, apiUrl, token: TOKEN, tableId, snapshotFile, snapshot };
  return exportFigures({ ...job, spec: pipeline.table }, 'pages from the sandbox');
}

function machine(): object {
  return {
    cores: cpus().length,
    node: process.version,
    platform: process.platform,
    loadAtStart,
  };
}

function say(what: string): void {
  process.stderr.write(`${what} …\n`);
}
