import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';

const made: string[] = [];
const mounted: string[] = [];

afterAll(() => {
  for (const path of mounted.splice(0)) spawnSync('umount', ['-l', path]);
  for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true });
});

/** A fresh folder that is removed after the tests of the file. */
export const newPlace = (): string => {
  const path = mkdtempSync(join(tmpdir(), 'rowmill-files-'));
  made.push(path);
  return path;
};

export interface SmallDisk {
  path: string;
  makeReadOnly: () => void;
  makeWritable: () => void;
}

/** A small disk of its own, or `null` where mounting is not permitted. */
export const newDisk = (kilobytes: number): SmallDisk | null => {
  if (process.platform !== 'linux') return null;
  const path = newPlace();
  const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'rowmill', path]);
  if (mount.status !== 0) return null;
  mounted.push(path);
  const remount = (mode: 'ro' | 'rw'): void => {
    const { status, stderr } = spawnSync('mount', ['-o', `remount,${mode}`, path]);
    if (status !== 0) throw new Error(`cannot remount: ${stderr.toString()}`);
  };
  return { path, makeReadOnly: () => remount('ro'), makeWritable: () => remount('rw') };
};
