import { CONTENDERS, type Writers } from './contenders.ts';
import { RESULTS, resultsFolder } from './rows.ts';

/**
 * Publishes stored results alone in a process; prints what it took as JSON: time, processor time,
 * memory. What is measured is the second publication: a worker that publishes has compiled its code.
 */
const [, , name = '', writer = '', place = '', to = ''] = process.argv;
const contender = CONTENDERS[name];
if (contender === undefined) throw new Error(`no sink ${name}`);
const folder = resultsFolder(place);
const publish = await writerOf(contender);
if (contender.before !== undefined) {
  const write = await writerOf(contender.before);
  for (const at of [`${to}_first`, to]) await write(at);
}
await publish(`${to}_first`);
const startedAtMs = performance.now();
const usedBefore = process.cpuUsage();
await publish(to);
const ms = performance.now() - startedAtMs;
const { user, system } = process.cpuUsage(usedBefore);
const cpuMs = (user + system) / 1_000;
console.log(JSON.stringify({ ms, cpuMs, bytes: process.resourceUsage().maxRSS * 1024 }));

/** Chooses the writer that this process measures; the libraries of both are loaded. */
async function writerOf(writers: Writers): Promise<(at: string) => Promise<unknown>> {
  const bare = await writers.bare();
  const from = folder.locate(RESULTS);
  return (at) => (writer === 'bare' ? bare({ from, to: at }) : writers.sink(folder, at));
}
