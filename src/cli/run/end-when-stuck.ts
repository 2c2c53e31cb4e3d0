import { url as inspectorUrl } from 'node:inspector';
import { Worker } from 'node:worker_threads';

/**
 * Far longer than any step blocks this thread, in ms; a machine under load also slows the watching
 * thread.
 */
const STUCK_MS = 120_000;
/** Number of checks: a suspended machine fails one, not the process. */
const CHECKS = 20;

/**
 * Ends a serving process whose main thread was blocked for two minutes: it answers no health check
 * and no signal. Its supervisor (compose, systemd) restarts it, and runs lose nothing. Inactive in
 * a debugger.
 * @returns a function that stops the watching
 */
export function endWhenStuck(stuckMs = STUCK_MS): () => void {
  if (inspectorUrl() !== undefined) return () => undefined;
  const beats = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const checkMs = stuckMs / CHECKS;
  const beat = setInterval(() => Atomics.add(beats, 0, 1), checkMs / 2).unref();
  const watcher = new Worker(WATCHER, {
    eval: true,
    // The flags of this process load code that the thread does not need.
    execArgv: [],
    env: {},
    workerData: { beats, checkMs, checks: CHECKS, stuckMs },
    resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 },
  });
  watcher.unref();
  return () => {
    clearInterval(beat);
    void watcher.terminate();
  };
}

/** Runs from its text: it must load nothing, and start identically from sources and a build. */
const WATCHER = `
const { workerData } = require('node:worker_threads');
const { writeSync } = require('node:fs');
const { beats, checkMs, checks, stuckMs } = workerData;
let last = -1;
let without = 0;
setInterval(() => {
  const now = Atomics.load(beats, 0);
  without = now === last ? without + 1 : 0;
  last = now;
  if (without < checks) return;
  const msg = 'stuck for ' + stuckMs / 1000 + ' s: ends itself, to be started again';
  try {
    writeSync(2, JSON.stringify({ level: 'error', time: new Date().toISOString(), msg }) + '\\n');
  } finally {
    process.kill(process.pid, 'SIGKILL');
  }
}, checkMs);
`;
