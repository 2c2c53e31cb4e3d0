import { CONTENDERS } from './contenders.ts';
import { RESULTS, resultsFolder } from './rows.ts';

/** Publishes stored results once, alone in a process; prints what it took as JSON: time, processor time, memory. */
const [, , name = '', writer = '', place = '', to = ''] = process.argv;
const contender = CONTENDERS[name];
if (contender === undefined) throw new Error(`no sink ${name}`);
const folder = resultsFolder(place);
const job = { from: folder.locate(RESULTS), to };
const bare = await contender.bare();
await contender.before?.(job);
const startedAtMs = performance.now();
const usedBefore = process.cpuUsage();
await (writer === 'bare' ? bare(job) : contender.sink(folder, to));
const ms = performance.now() - startedAtMs;
const { user, system } = process.cpuUsage(usedBefore);
const cpuMs = (user + system) / 1_000;
console.log(JSON.stringify({ ms, cpuMs, bytes: process.resourceUsage().maxRSS * 1024 }));
