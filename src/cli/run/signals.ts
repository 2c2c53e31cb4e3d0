import type { Embedded } from '../../dev/embedded.ts';
import type { Cli } from '../io/context.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface Interruption {
  /** Aborted by the first Ctrl-C (or SIGTERM, SIGHUP). */
  signal: AbortSignal;
  /** Leaves the signals to Node again. */
  release(): void;
}

/** npm passes on the Ctrl-C that the terminal has sent as well: so soon after it is the same one. */
const SAME_WITHIN_MS = 1_000;

/**
 * From now on the first Ctrl-C is a wish to leave in good order; the second one ends the process
 * at once, as it always does.
 */
export function interruption(): Interruption {
  const controller = new AbortController();
  const release = (): void => {
    for (const name of SIGNALS) process.off(name, stop);
  };
  const stop = (): void => {
    if (controller.signal.aborted) return;
    controller.abort();
    // Not at once: other listeners of the same signal look whether somebody else cares for it.
    setTimeout(release, SAME_WITHIN_MS).unref();
  };
  for (const name of SIGNALS) process.on(name, stop);
  return { signal: controller.signal, release };
}

/** After Ctrl-C: an embedded run needs the process that just ends. */
export function printInterrupted(cli: Cli, workflowId: string, embedded: boolean): void {
  if (embedded) {
    cli.log(
      `The run ${workflowId} pauses with this process. The same command resumes it; nothing that is done is paid again.`,
    );
  } else {
    cli.log(`The run goes on. Come back with: rowmill watch ${workflowId}`);
  }
}

/** Waits for Ctrl-C. @throws RowmillError when a part ends without being asked */
export async function untilStopped(
  { broken }: Pick<Embedded, 'broken'>,
  signal: AbortSignal,
): Promise<void> {
  const stopped = new Promise<null>((settle) => {
    if (signal.aborted) settle(null);
    signal.addEventListener('abort', () => settle(null), { once: true });
  });
  // Promises alone do not keep a process alive, and the worker's core may not either.
  const alive = setInterval(() => undefined, 60_000);
  try {
    const error = await Promise.race([stopped, broken]);
    if (error !== null) throw error;
  } finally {
    clearInterval(alive);
  }
}
