import { startWorkerService } from '../../worker/service.ts';
import { workerSettings, type WorkerFlags } from '../../worker/settings.ts';
import type { Cli } from '../io/context.ts';
import { endWhenStuck } from '../run/end-when-stuck.ts';
import { interruption } from '../run/signals.ts';
import { packageVersion } from '../../process/package-root.ts';

/** Serves until it is stopped or fails. */
export async function work(cli: Cli, flags: WorkerFlags): Promise<void> {
  const settings = workerSettings(cli.env, flags);
  const stop = interruption();
  const unwatch = endWhenStuck();
  try {
    const service = await startWorkerService({
      settings,
      env: cli.env,
      userAgent: `rowmill/${packageVersion()}`,
    });
    const drain = (): void => {
      killAfter(settings.shutdownForceMs + LAST_WORDS_MS);
      void service.stop('asked to stop');
    };
    stop.signal.addEventListener('abort', drain, { once: true });
    if (stop.signal.aborted) drain();
    await service.done;
  } finally {
    unwatch();
    stop.release();
  }
}

/** Time for closing connections and writing the last log lines, in ms. */
const LAST_WORDS_MS = 10_000;

/**
 * Kills this process. A stalled disk read cannot be cancelled, and Node waits for it before it
 * exits. The server gives the steps to another worker.
 */
function killAfter(ms: number): void {
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), ms).unref();
}
