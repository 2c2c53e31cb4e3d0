import { join } from 'node:path';
import { publishTo } from '../../src/sinks/publish.ts';
import { bareParquet } from './bare-parquet.ts';
import { COLUMNS, RESULTS, resultsFolder } from './rows.ts';

/** Publishes stored results once, alone in a process; prints time and memory it took as JSON. */
const [, , writer = '', place = ''] = process.argv;
const folder = resultsFolder(place);
const to = join(place, `${writer}.parquet`);
const startedAtMs = performance.now();
if (writer === 'bare') await bareParquet(folder.locate(RESULTS), to);
else await publishTo({ to, format: 'parquet' }, folder, RESULTS, COLUMNS);
const ms = performance.now() - startedAtMs;
console.log(JSON.stringify({ ms, bytes: process.resourceUsage().maxRSS * 1024 }));
