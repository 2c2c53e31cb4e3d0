import fs from 'node:fs';
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { actingProcess, never, stage, currentStep, type DiskState } from './stage.ts';

/**
 * Real files, but each operation of a worker is a step at which it may be killed, and is over at
 * once: no thread, no order of completion that differs from one time to the next. Nothing is
 * synced: a killed process loses no page of the cache.
 */
async function step<T>(act: () => T): Promise<T> {
  if (actingProcess()?.step() === false) return never();
  return act();
}

/** Returns the state of the disk for the worker; the rest of the test always reads a sound one. */
const diskState = (): DiskState => (actingProcess() === null ? 'fine' : (stage()?.disk ?? 'fine'));

const diskError = (code: 'ENOSPC' | 'EROFS'): Error =>
  Object.assign(new Error(`${code}: the disk is ${diskState()}`), { code });

/** Before anything is changed under a path. @throws as the system would */
function checkChange(name: string, path: unknown): void {
  const state = diskState();
  if (state === 'full' && GROWING.has(name)) throw diskError('ENOSPC');
  if (state !== 'read-only' || !CHANGING.has(name)) return;
  // What is there need not be made, what is not need not be removed.
  const isThere = typeof path === 'string' && fs.existsSync(path);
  if ((name === 'mkdir' && isThere) || (name === 'rm' && !isThere)) return;
  throw diskError('EROFS');
}

/** A full disk takes what there is room for. */
function write(fd: number, data: Uint8Array | string): void {
  const state = diskState();
  if (state === 'read-only') throw diskError('EROFS');
  if (state === 'fine') {
    fs.writeFileSync(fd, data);
    return;
  }
  const bytes = Buffer.from(data);
  fs.writeFileSync(fd, bytes.subarray(0, bytes.length >> 1));
  throw diskError('ENOSPC');
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

const GROWING = new Set<string>(['copyFile', 'mkdtemp', 'writeFile']);
const CHANGING = new Set<string>([...GROWING, 'chmod', 'mkdir', 'open', 'rename', 'rm', 'unlink']);

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
  writeFile = (data: Uint8Array | string) => step(() => write(this.fd, data));
  sync = () => step(() => undefined);
  stat = () => step(() => fs.fstatSync(this.fd));
  close = () => step(() => this.closeNow());

  closeNow(): void {
    if (open.delete(this.fd)) fs.closeSync(this.fd);
  }
}

/** Closes what a simulated run left open. */
export function closeLeftOpen(): void {
  for (const fd of open) fs.closeSync(fd);
  open.clear();
}

let installed = false;

/** Installs the disk: from here on files are the stage's while there is one. */
export function installDisk(): void {
  if (installed) return;
  installed = true;
  for (const name of OPERATIONS) {
    // Each pair takes the same arguments: more than the compiler can follow in a loop.
    const real = promises[name] as Operation;
    const atOnce = fs[`${name}Sync`] as Operation;
    const operation: Operation = (...args) =>
      stage() === null
        ? real(...args)
        : step(() => {
            checkChange(name, args[0]);
            if (name === 'rename') currentStep.getStore()?.change('file');
            return atOnce(...args);
          });
    Object.assign(promises, { [name]: operation });
  }
  const realOpen = promises.open;
  Object.assign(promises, {
    open: (path: string, flags?: string, mode?: number) =>
      stage() === null
        ? realOpen(path, flags, mode)
        : step(() => {
            if (flags !== undefined && flags !== 'r') checkChange('open', path);
            return new Handle(fs.openSync(path, flags ?? 'r', mode));
          }),
  });
  syncBuiltinESMExports();
}
