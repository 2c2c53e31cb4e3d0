/**
 * Ends servers with this process. Signals are left to the program when it listens to them itself
 * (a worker shuts down first); otherwise the servers end and the signal is sent again.
 */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const cleanups = new Set<() => void>();

/** `farewell` runs when this process ends, however it ends but by kill -9. It must not wait. */
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
