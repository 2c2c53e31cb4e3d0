import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** Times that a path took to answer, measured all the time by a thread that does nothing else. */
export interface Probes {
  /** Stops the probes and returns the time of every answer, in ms. */
  stop(): Promise<Latencies>;
}

export interface Latencies {
  count: number;
  p50Ms: number;
  p99Ms: number;
  worstMs: number;
  /** Share of answers that took longer than 250 ms. */
  late: number;
  failed: number;
}

const PROBER = `
const { parentPort, workerData } = require('node:worker_threads');
const { Agent, get } = require('node:http');
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
const taken = [];
let failed = 0, over = false;
parentPort.on('message', () => { over = true; });
const ask = () => {
  if (over) { parentPort.postMessage({ taken, failed }); agent.destroy(); parentPort.close(); return; }
  const began = performance.now();
  const next = () => setTimeout(ask, 50);
  get(workerData, { agent, timeout: 60000 }, (reply) => {
    reply.resume();
    reply.on('end', () => { taken.push(performance.now() - began); if (reply.statusCode !== 200) failed += 1; next(); });
  }).on('error', () => { failed += 1; next(); });
};
ask();
`;

const BARE = `
const { parentPort } = require('node:worker_threads');
const { createServer } = require('node:http');
const server = createServer((_request, reply) => reply.end('{}'));
server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
`;

/** A server that does nothing but answer, in a thread of its own: what the machine allows. */
export async function bareServer(): Promise<{ url: string; close(): Promise<number> }> {
  const worker = new Worker(BARE, { eval: true, execArgv: [] });
  const [port] = (await once(worker, 'message')) as [number];
  return { url: `http://127.0.0.1:${port}/`, close: () => worker.terminate() };
}

export function probe(url: string): Probes {
  const worker = new Worker(PROBER, { eval: true, workerData: url, execArgv: [] });
  return {
    stop: async () => {
      const reported = once(worker, 'message') as Promise<[{ taken: number[]; failed: number }]>;
      worker.postMessage('stop');
      const [{ taken, failed }] = await reported;
      taken.sort((a, b) => a - b);
      const at = (share: number): number =>
        taken[Math.min(taken.length - 1, Math.floor(taken.length * share))] ?? 0;
      return {
        count: taken.length,
        p50Ms: at(0.5),
        p99Ms: at(0.99),
        worstMs: at(1),
        late: taken.filter((ms) => ms > 250).length / Math.max(1, taken.length),
        failed,
      };
    },
  };
}
