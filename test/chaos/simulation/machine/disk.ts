import fs from 'node:fs';
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { actingProcess, never, stage } from './stage.ts';

/**
 * Real files, but each operation of a worker is a step at which it may be killed, and is over at
 * once: no thread, no order of completion that differs from one time to the next. Nothing is
 * synced: a killed process loses no page of the cache.
 */
async function step<T>(act: () => T): Promise<T> {
  if (actingProcess()?.step() === false) return never();
  return act();
}

const OPERATIONS = [
  'access',
  'chmod',
  'copyFile',
  'lstat',
  'mkdir',
  'mkdtemp',
  'readdir',
  'readFile',
  'readlink',
  'realpath',
  'rename',
  'rm',
  'stat',
  'unlink',
  'writeFile',
] as const;

type Operation = (...args: unknown[]) => unknown;

/** Files that a killed worker has left open. */
const open = new Set<number>();

class Handle {
  readonly fd: number;

  constructor(fd: number) {
    this.fd = fd;
    open.add(fd);
  }

  read = (buffer: Uint8Array, offset: number, length: number, position: number | null = null) =>
    step(() => ({ bytesRead: fs.readSync(this.fd, buffer, offset, length, position), buffer }));
  writeFile = (data: Uint8Array | string) => step(() => fs.writeFileSync(this.fd, data));
  sync = () => step(() => undefined);
  stat = () => step(() => fs.fstatSync(this.fd));
  close = () => step(() => this.letGo());

  letGo(): void {
    if (open.delete(this.fd)) fs.closeSync(this.fd);
  }
}

/** After a simulated run. */
export function closeLeftOpen(): void {
  for (const fd of open) fs.closeSync(fd);
  open.clear();
}

let installed = false;

/** From here on files are the stage's while there is one. */
export function installDisk(): void {
  if (installed) return;
  installed = true;
  for (const name of OPERATIONS) {
    // Each pair takes the same arguments: more than the compiler can follow in a loop.
    const real = promises[name] as Operation;
    const atOnce = fs[`${name}Sync`] as Operation;
    const operation: Operation = (...args) =>
      stage() === null ? real(...args) : step(() => atOnce(...args));
    Object.assign(promises, { [name]: operation });
  }
  const realOpen = promises.open;
  Object.assign(promises, {
    open: (path: string, flags?: string, mode?: number) =>
      stage() === null
        ? realOpen(path, flags, mode)
        : step(() => new Handle(fs.openSync(path, flags ?? 'r', mode))),
  });
  syncBuiltinESMExports();
}
