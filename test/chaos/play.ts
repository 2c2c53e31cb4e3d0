import { spawn } from 'node:child_process';

export interface Played {
  code: number | null;
  /** Standard output and standard error. */
  text: string;
}

/** Runs `main.ts` of a simulation in a process of its own: it replaces clock, disk and network. */
export function play(main: string, ...args: string[]): Promise<Played> {
  const child = spawn(process.execPath, ['--no-warnings', main, ...args], {
    env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '' },
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (piece: string) => (text += piece));
  child.stderr.setEncoding('utf8').on('data', (piece: string) => (text += piece));
  return new Promise((resolve, reject) => {
    child.once('error', reject).once('close', (code) => resolve({ code, text }));
  });
}
