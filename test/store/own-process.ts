import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';

/** Runs a TypeScript file in a process of its own, which a test can kill or measure. */
export const runAlone = (file: string, args: string[], nodeArgs: string[] = []): ChildProcess =>
  spawn(
    process.execPath,
    [...nodeArgs, file, ...args],
    // Without the flags of the test runner.
    { env: { ...process.env, NODE_OPTIONS: '' }, stdio: ['ignore', 'pipe', 'inherit'] },
  );
