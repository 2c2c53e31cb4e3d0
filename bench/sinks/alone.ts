import { CONTENDERS } from './contenders.ts';
import { RESULTS, resultsFolder } from './rows.ts';

/**
 * Publishes stored results alone in a process; prints what it took as JSON: time, processor time,
 * memory. What is measured is the second publication: a worker that publishes has compiled its code.
 */
const [, , name = '', writer = '', place = '', to = ''] = process.argv;
const contender = CONTENDERS[name];
if (contender === undefined) throw new Error(`no sink ${name}`);
const folder = resultsFolder(place);
const bare = await contender.bare();
const publish = (at: string): Promise<unknown> =>
  writer === 'bare' ? bare({ from: folder.locate(RESULTS), to: at }) : contender.sink(folder, at);
for (const at of [`${to}_first`, to]) {
  await contender.before?.({ from: folder.locate(RESULTS), to: at });
}
await publish(`${to}_first`);
const startedAtMs = performance.now();
const usedBefore = process.cpuUsage();
await publish(to);
const ms = performance.now() - startedAtMs;
const { user, system } = process.cpuUsage(usedBefore);
const cpuMs = (user + system) / 1_000;
console.log(JSON.stringify({ ms, cpuMs, bytes: process.resourceUsage().maxRSS * 1024 }));
