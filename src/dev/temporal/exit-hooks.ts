/**
 * Signals on which servers end with this process. If the program listens to them itself (a worker
 * shuts down first), they are left to it. Otherwise the servers end and the signal is sent again.
 */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const cleanups = new Set<() => void>();

/** Registers a cleanup for any end of this process except kill -9. It must be synchronous. */
export function onExit(farewell: () => void): () => void {
  if (cleanups.size === 0) listen();
  cleanups.add(farewell);
  return () => {
    cleanups.delete(farewell);
    if (cleanups.size === 0) unlisten();
  };
}

const runAll = (): void => {
  for (const farewell of cleanups) farewell();
  cleanups.clear();
};

const onSignal = (signal: NodeJS.Signals): void => {
  if (process.listenerCount(signal) > 1) return;
  runAll();
  unlisten();
  process.kill(process.pid, signal);
};

function listen(): void {
  process.on('exit', runAll);
  for (const signal of SIGNALS) process.on(signal, onSignal);
}

function unlisten(): void {
  process.off('exit', runAll);
  for (const signal of SIGNALS) process.off(signal, onSignal);
}
