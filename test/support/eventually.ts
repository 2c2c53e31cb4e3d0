import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for a condition; fails by saying what was waited for. */
export async function eventually(
  what: string,
  holds: () => boolean | Promise<boolean>,
  withinMs = 300_000,
): Promise<void> {
  const endsAt = Date.now() + withinMs;
  while (!(await holds())) {
    if (Date.now() > endsAt) throw new Error(`waited ${withinMs} ms without success for: ${what}`);
    await sleep(50);
  }
}
