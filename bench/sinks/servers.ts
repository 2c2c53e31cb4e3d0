import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { checkoutFile } from '../lines-of.ts';

const servedShape = z.object({ env: z.record(z.string(), z.string()), bucket: z.string() });

/** A PostgreSQL and an S3 server. */
export interface Servers extends z.infer<typeof servedShape> {
  stop(): Promise<void>;
}

/** Starts the servers of the tests, in a process that ends with this one. */
export async function startServers(): Promise<Servers> {
  const program = checkoutFile('test/support/serve-sinks.ts');
  const child = spawn(process.execPath, ['--no-warnings', program], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = await lines.next();
  if (line.done === true) throw new Error(`${program} ended before its servers were up`);
  return {
    ...servedShape.parse(JSON.parse(line.value)),
    stop: async () => {
      child.stdin.end();
      await ended;
    },
  };
}
