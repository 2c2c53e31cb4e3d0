import type { SandboxSettings } from './processes.ts';

/**
 * Builds the settings of a sandbox whose cells take 1.6 to 8 s, so many at once. Ten times as many keep it
 * busy for about 48 s.
 */
export const busyApi = (concurrency: number): SandboxSettings => ({
  speed: 1,
  concurrency,
  failRate: 0,
  alwaysFailsRate: 0,
  cellMs: { min: 1_600, max: 8_000 },
});
