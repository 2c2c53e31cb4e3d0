import type { Embedded } from '../../dev/embedded.ts';
import type { Cli } from '../io/context.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface Interruption {
  /** Aborted by the first Ctrl-C (or SIGTERM, SIGHUP). */
  signal: AbortSignal;
  /** Restores Node's handling of the signals. */
  release(): void;
}

/**
 * npm forwards the Ctrl-C that the terminal has sent as well: within this time it is the same one.
 */
const SAME_WITHIN_MS = 1_000;

/**
 * Handles Ctrl-C: the first one requests an orderly end, the second one ends the process at once.
 */
export function interruption(): Interruption {
  const controller = new AbortController();
  const release = (): void => {
    for (const name of SIGNALS) process.off(name, stop);
  };
  const stop = (): void => {
    if (controller.signal.aborted) return;
    controller.abort();
    // Delayed: other listeners of the signal check whether one is still registered.
    setTimeout(release, SAME_WITHIN_MS).unref();
  };
  for (const name of SIGNALS) process.on(name, stop);
  return { signal: controller.signal, release };
}

/** Prints what Ctrl-C means for the run: an embedded run needs this process. */
export function printInterrupted(cli: Cli, workflowId: string, embedded: boolean): void {
  if (embedded) {
    cli.log(
      `The run ${workflowId} pauses with this process. The same command resumes it; nothing that is done is paid again.`,
    );
  } else {
    cli.log(`The run goes on. Come back with: rowmill watch ${workflowId}`);
  }
}

/** Waits for Ctrl-C. @throws RowmillError if a part ends by itself */
export async function untilStopped(
  { broken }: Pick<Embedded, 'broken'>,
  signal: AbortSignal,
): Promise<void> {
  const stopped = new Promise<null>((settle) => {
    if (signal.aborted) settle(null);
    signal.addEventListener('abort', () => settle(null), { once: true });
  });
  // Keeps the process alive: promises alone do not, and the worker's core may not either.
  const alive = setInterval(() => undefined, 60_000);
  try {
    const error = await Promise.race([stopped, broken]);
    if (error !== null) throw error;
  } finally {
    clearInterval(alive);
  }
}
