import { spawnSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { isGone, workerIdentity } from '../../src/process/worker-identity.ts';

const ENDED = spawnSync(process.execPath, ['-e', '']).pid;

/** Identity of this place, of another process. */
const withPid = (pid: number): string => workerIdentity().replace(/^\d+/, String(pid));

test('a process that runs is not gone', () => {
  expect(isGone(workerIdentity())).toBe(false);
});

test('a process that has ended is gone', () => {
  expect(isGone(withPid(ENDED))).toBe(true);
});

test('a process whose id another one has now is gone', () => {
  expect(isGone(workerIdentity().replace(/\w+\)$/, '00000000)'))).toBe(true);
});

test.each([
  ['of another machine or container', (name: string) => name.replace(/\(\w+/, '(00000000')],
  ['that names no place', (name: string) => name.replace(/ \(.*$/, '')],
  ['of an operator', () => 'webui'],
])('a worker %s is not judged', (_, of) => {
  expect(isGone(of(withPid(ENDED)))).toBe(false);
});
