import { startWorkerService } from '../../worker/service.ts';
import { workerSettings, type WorkerFlags } from '../../worker/settings.ts';
import type { Cli } from '../context.ts';
import { interruption } from '../interruption.ts';
import { packageVersion } from '../version.ts';

/** Serves until it is stopped or breaks. */
export async function work(cli: Cli, flags: WorkerFlags): Promise<void> {
  const settings = workerSettings(cli.env, flags);
  const stop = interruption();
  try {
    const service = await startWorkerService({
      settings,
      env: cli.env,
      userAgent: `rowmill/${packageVersion()}`,
    });
    const drain = (): void => void service.stop('asked to stop');
    stop.signal.addEventListener('abort', drain, { once: true });
    if (stop.signal.aborted) drain();
    await service.done;
  } finally {
    stop.release();
  }
}
