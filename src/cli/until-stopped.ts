import type { Embedded } from '../dev/embedded.ts';

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
