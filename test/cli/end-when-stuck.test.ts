import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

const path = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

/** Runs `stuck.ts` and returns its output and end. */
async function ends(...args: string[]) {
  const child = spawn(process.execPath, [path('stuck.ts'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, err, [code, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null, string | null]>, // what `close` gives
  ]);
  return { out, err, code, signal };
}

test('a process whose thread is stuck kills itself with a last log line', async () => {
  const { out, err, signal } = await ends('2000', '4000');
  expect(out).toBe('served\n');
  expect(signal).toBe('SIGKILL');
  expect(JSON.parse(err.trim().split('\n').pop() ?? '')).toMatchObject({
    level: 'error',
    msg: 'stuck for 2 s: ends itself, to be started again',
  });
});

test('one that is merely idle ends as ever', async () => {
  const { out, code, signal, err } = await ends('2000', '5000', 'ends');
  expect([out, code, signal, err]).toEqual(['served\n', 0, null, '']);
});
