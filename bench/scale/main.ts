import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { dirname } from 'node:path';
import { tableOf, type Figure } from '../figure.ts';
import { openSite } from '../site/site.ts';
import { largeRunFigures } from './large-run.ts';
import { nightFigures } from './night.ts';
import { scaleOptions, type ScaleOptions } from './options.ts';

const loadAtStart = loadavg()[0];
const options = readOptions();
if (typeof options === 'string') console.log(options);
else if (options !== null) await measureAll(options);

/** Reads the flags; a wrong one ends the command with its text. */
function readOptions(): ReturnType<typeof scaleOptions> | null {
  try {
    return scaleOptions(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    console.error(`error: ${error.message}\nnpm run scale -- --help lists flags`);
    process.exitCode = 2;
    return null;
  }
}

async function measureAll(asked: ScaleOptions): Promise<void> {
  const figures: Figure[] = [];
  const site = await openSite();
  try {
    if (asked.pipelines > 0) {
      say(`${asked.pipelines} pipelines on ${asked.workers} workers`);
      figures.push(...(await nightFigures(site, asked)));
    }
    if (asked.rows > 0) {
      say(`one run of ${asked.rows} rows`);
      figures.push(...(await largeRunFigures(site, asked)));
    }
  } finally {
    await site.close();
  }
  console.log(tableOf(figures));
  const machine = {
    cores: cpus().length,
    node: process.version,
    loadAtStart,
    loadAtEnd: loadavg()[0],
  };
  await mkdir(dirname(asked.json), { recursive: true });
  const report = { at: new Date().toISOString(), machine, asked, figures };
  await writeFile(asked.json, `${JSON.stringify(report, null, 2)}\n`);
  console.log(`\nwritten to ${asked.json}`);
}

function say(what: string): void {
  process.stderr.write(`${what} …\n`);
}
